"""What a patch does to TDs, which nothing that brings TDX up passes: its cases are followed because the patch touches them."""

from tdxwhy.cli import main

BEFORE = """#define pr_fmt(fmt) "kvm_intel: " fmt
#define TDH_MNG_CREATE 9
static u64 tdh_mng_create(struct tdx_td *td)
{
	struct tdx_module_args args = {};

	return __seamcall(TDH_MNG_CREATE, &args);
}

static int open_td(struct tdx_td *td)
{
	u64 err = tdh_mng_create(td);

	if (err) {
		return -EIO;
	}
	return 0;
}

int create_td(struct tdx_td *td)
{
	return open_td(td);
}
"""
PATCH = """--- a/arch/x86/kvm/vmx/tdx.c
+++ b/arch/x86/kvm/vmx/tdx.c
@@ -13,5 +13,6 @@
 
 	if (err) {
+		pr_err("cannot create a TD: 0x%llx\\n", err);
 		return -EIO;
 	}
 	return 0;
"""


def test_a_td_that_is_refused_is_a_case_where_a_patch_touches_it(tmp_path, capsys):
    file = tmp_path / "tree" / "arch" / "x86" / "kvm" / "vmx" / "tdx.c"
    file.parent.mkdir(parents=True)
    file.write_text(BEFORE)
    (tmp_path / "a.patch").write_text(PATCH.replace("\\\\", "\\"))
    assert main(["preview", str(tmp_path / "tree"), "--patch", str(tmp_path / "a.patch")]) == 0
    shown = capsys.readouterr().out
    assert "TDH.MNG.CREATE: status  [better]" in shown
    assert "after  err   kvm_intel: cannot create a TD: 0x{status}" in shown
    assert "create_td() returns -EIO" in shown
