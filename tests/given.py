"""What several tests give the gate: a log of a failure, and a patch that adds a message without a package."""

from __future__ import annotations

FAILED = """\
[    1.500031] virt/tdx: BIOS enabled: private KeyID range [32, 64)
[   13.000031] virt/tdx: SEAMCALL (0x0000000000000024) failed: 0xc000050500000000
[   13.000062] virt/tdx: module initialization failed (-5)
"""
PATCH = """\
--- a/arch/x86/virt/vmx/tdx/tdx.c
+++ b/arch/x86/virt/vmx/tdx/tdx.c
@@ -10,2 +10,4 @@ static int config_global_keyid(void)
 	int ret;
 
+	if (ret)
+		pr_err("SEAMCALL (0x%llx) failed: 0x%llx\\n", fn, err);
"""
