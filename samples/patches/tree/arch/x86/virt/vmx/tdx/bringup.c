// SPDX-License-Identifier: Apache-2.0
/*
 * A host bring-up of our own, small enough to read and wired like the real
 * thing: macros around a helper that is handed functions, a loop over
 * packages, calls on other CPUs, unwinding by goto.
 */
#define pr_fmt(fmt) "demo/tdx: " fmt

#include "bringup.h"

enum demo_state { DEMO_COLD, DEMO_READY, DEMO_BROKEN };

static enum demo_state demo_state;
static DEFINE_MUTEX(demo_lock);

static void report(u64 leaf, u64 status, struct tdx_module_args *args)
{
	pr_err("leaf %llu answered 0x%016llx\n", leaf, status);
}

static void report_outputs(u64 leaf, u64 status, struct tdx_module_args *args)
{
	report(leaf, status, args);
	pr_err("outputs: rcx 0x%llx rdx 0x%llx\n", args->rcx, args->rdx);
}

static int ask_module(stub_t stub, report_t tell, u64 leaf,
		      struct tdx_module_args *args)
{
	u64 status = stub(leaf, args);

	switch (status) {
	case TDX_SUCCESS:
		return 0;
	case TDX_SEAMCALL_VMFAILINVALID:
		return -ENODEV;
	case TDX_SEAMCALL_GP:
		return -EOPNOTSUPP;
	case TDX_SEAMCALL_UD:
		return -EACCES;
	}

	tell(leaf, status, args);
	return -EIO;
}

#define ask(leaf, args)		ask_module(__seamcall, report, (leaf), (args))
#define ask_outputs(leaf, args)	ask_module(__seamcall_ret, report_outputs, (leaf), (args))

static void lp_init_this_cpu(void *result)
{
	struct tdx_module_args args = {};
	int ret = ask(TDH_SYS_LP_INIT, &args);

	if (ret)
		*(int *)result = ret;
}

static int demo_key_this_cpu(void *unused)
{
	struct tdx_module_args args = {};

	return ask(TDH_SYS_KEY_CONFIG, &args);
}

static int demo_keys(void)
{
	cpumask_var_t done;
	int cpu, ret = -EINVAL;

	if (!zalloc_cpumask_var(&done, GFP_KERNEL))
		return -ENOMEM;

	for_each_online_cpu(cpu) {
		int pkg = topology_physical_package_id(cpu);

		if (cpumask_test_and_set_cpu(pkg, done))
			continue;
		ret = smp_call_on_cpu(cpu, demo_key_this_cpu, NULL, true);
		if (ret)
			break;
	}

	free_cpumask_var(done);
	return ret;
}

static int demo_regions(void)
{
	struct tdx_module_args args = {};
	int ret;

	do {
		ret = ask_outputs(TDH_SYS_TDMR_INIT, &args);
		if (ret)
			return ret;
	} while (args.rdx < demo_regions_end());

	return 0;
}

static int demo_configure(void)
{
	struct tdx_module_args args = {};
	u64 *regions;
	int ret;

	regions = kcalloc(DEMO_REGIONS, sizeof(*regions), GFP_KERNEL);
	if (!regions)
		return -ENOMEM;

	args.rcx = __pa(regions);
	ret = ask(TDH_SYS_CONFIG, &args);
	if (ret)
		goto out_free;

	ret = demo_keys();
	if (ret)
		goto out_reset;

	ret = demo_regions();
	if (ret)
		goto out_reset;

	kfree(regions);
	return 0;

out_reset:
	wbinvd_on_all_cpus();
out_free:
	kfree(regions);
	return ret;
}

int demo_tdx_enable(void)
{
	struct tdx_module_args args = {};
	int failed = 0;
	int ret;

	mutex_lock(&demo_lock);
	if (demo_state != DEMO_COLD) {
		ret = demo_state == DEMO_READY ? 0 : -EINVAL;
		goto out;
	}

	ret = ask(TDH_SYS_INIT, &args);
	if (ret)
		goto out_broken;

	on_each_cpu(lp_init_this_cpu, &failed, true);
	if (failed) {
		ret = -EIO;
		goto out_broken;
	}

	ret = demo_configure();
	if (ret) {
		pr_err("bring-up failed (%d)\n", ret);
		goto out_broken;
	}

	demo_state = DEMO_READY;
	pr_info("initialized\n");
	goto out;

out_broken:
	demo_state = DEMO_BROKEN;
out:
	mutex_unlock(&demo_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(demo_tdx_enable);
