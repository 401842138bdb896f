"""A plugin of sos (https://github.com/sosreport/sos): what tdxwhy wants to know of a TDX host, and what is said of it there.

Install as sos/report/plugins/tdx.py. Nothing here needs tdxwhy itself; where it is installed, its own bundle is taken too.
"""

from sos.report.plugins import DebianPlugin, IndependentPlugin, Plugin, RedHatPlugin, UbuntuPlugin


class Tdx(Plugin, IndependentPlugin, RedHatPlugin, DebianPlugin, UbuntuPlugin):
    """Collects what a diagnosis of Intel TDX on this host rests on."""

    short_desc = "Intel TDX host"
    plugin_name = "tdx"
    profiles = ("system", "virt", "hardware")
    files = ("/sys/module/kvm_intel/parameters/tdx", "/sys/firmware/tdx")
    packages = ("tdxwhy",)

    def setup(self) -> None:
        """Name files and commands; sos copies and runs them."""
        self.add_copy_spec(
            [
                "/proc/cmdline",
                "/sys/module/kvm_intel/parameters/*",
                "/sys/devices/system/cpu/online",
                "/sys/devices/system/cpu/offline",
                "/sys/devices/system/cpu/possible",
                "/sys/devices/system/cpu/smt/control",
                "/sys/devices/system/cpu/cpu*/topology/physical_package_id",
                "/sys/fs/cgroup/misc.capacity",
                "/sys/fs/cgroup/misc.current",
                "/sys/firmware/tdx",
                "/etc/modprobe.d/*kvm*",
                "/var/log/libvirt/qemu/*.log",
            ]
        )
        self.add_cmd_output(
            [
                "lscpu -J -e=CPU,NODE,SOCKET,CORE,ONLINE",
                "rdmsr -p 0 0x1401",
                "rdmsr -p 0 0x87",
                "rdmsr -p 0 0x982",
            ]
        )
        self.add_journal(units="qgsd")
        self.add_cmd_output("tdxwhy collect --output -", suggest_filename="tdxwhy.bundle")
