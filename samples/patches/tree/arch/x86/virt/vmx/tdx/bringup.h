/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEMO_TDX_BRINGUP_H
#define DEMO_TDX_BRINGUP_H

#define TDH_SYS_KEY_CONFIG	31
#define TDH_SYS_INIT		33
#define TDH_SYS_LP_INIT		35
#define TDH_SYS_TDMR_INIT	36
#define TDH_SYS_CONFIG		45

#define TDX_SUCCESS			0ULL
#define TDX_SEAMCALL_VMFAILINVALID	0x8000ff00ffff0000ULL
#define TDX_SEAMCALL_GP			0x8000ff000000000dULL
#define TDX_SEAMCALL_UD			0x8000ff0000000006ULL

struct tdx_module_args {
	u64 rcx, rdx, r8, r9, r10, r11;
};

u64 __seamcall(u64 leaf, struct tdx_module_args *args);
u64 __seamcall_ret(u64 leaf, struct tdx_module_args *args);

typedef u64 (*stub_t)(u64 leaf, struct tdx_module_args *args);
typedef void (*report_t)(u64 leaf, u64 status, struct tdx_module_args *args);

#endif
