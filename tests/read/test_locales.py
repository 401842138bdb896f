"""`dmesg -T` in languages that nobody listed, and stamps of no known form: all that is asked of them is that they come again and again."""

from __future__ import annotations

import pytest
from tests.explain.logs import diagnosed

LINES = [
    (0, "Linux version 6.16.9 (b@f) (gcc 15.2.0) #1 SMP"),
    (0, "Command line: BOOT_IMAGE=/v ro nohibernate kvm_intel.tdx=1"),
    (1, "smp: Brought up 2 nodes, 8 CPUs"),
    (2, "virt/tdx: BIOS enabled: private KeyID range [32, 64)"),
    (9, "virt/tdx: SEAMCALL (0x0000000000000021) failed: 0xc000090000000000"),
    (9, "virt/tdx: module initialization failed (-5)"),
    (45, "e1000e 0000:00:1f.6 eth0: NIC Link is Up 1000 Mbps Full Duplex"),
]
DIGITS = {
    "arabic": "٠١٢٣٤٥٦٧٨٩",
    "persian": "۰۱۲۳۴۵۶۷۸۹",
    "thai": "๐๑๒๓๔๕๖๗๘๙",
    "bengali": "০১২৩৪৫৬৭৮৯",
    "devanagari": "०१२३४५६७८९",
    "burmese": "၀၁၂၃၄၅၆၇၈၉",
    "fullwidth": "０１２３４５６７８９",
    "": "0123456789",
}
STAMPS = {
    "turkish": ("", "[Cum Kas 20 08:01:{} 2026] "),
    "turkish day first": ("", "[20 Kas 2026 Cum 08:01:{}] "),
    "turkish without a year": ("", "[Cum Kas 20 08:01:{}] "),
    "arabic": ("arabic", "[الجمعة نوفمبر 20 08:01:{} 2026] "),
    "persian": ("persian", "[جمعه نوامبر 20 08:01:{} 2026] "),
    "islamic calendar": ("", "[جمادى الآخرة 10 08:01:{} 1448] "),
    "thai, Buddhist year": ("", "[ศ. พ.ย. 20 08:01:{} 2569] "),
    "thai digits": ("thai", "[ศ. 20 พ.ย. 2569 08:01:{}] "),
    "hebrew": ("", "[ו' נוב' 20 08:01:{} 2026] "),
    "hebrew with marks": ("", "\u200f[ו׳ 20 בנוב׳ 08:01:{} 2026]\u200f "),
    "hebrew year": ("", "[יום ו' 10 כסלו 5787 08:01:{}] "),
    "vietnamese": ("", "[Sáu Th11 20 08:01:{} 2026] "),
    "vietnamese month": ("", "[T6 Tháng 11 20 08:01:{} 2026] "),
    "hindi": ("devanagari", "[शुक्र नवम्बर 20 08:01:{} 2026] "),
    "bengali": ("bengali", "[শুক্র নভেম্বর 20 08:01:{} 2026] "),
    "burmese": ("burmese", "[သောကြာ နို 20 08:01:{} 2026] "),
    "fullwidth": ("fullwidth", "[金 11月 20 08:01:{} 2026] "),
    "japanese era": ("", "[令和8年11月20日 08時01分{}秒] "),
    "taiwan year": ("", "[民國115年 11月 20 (五) 08:01:{}] "),
    "chinese, half days": ("", "[2026年11月20日 星期五 上午 08:01:{}] "),
    "korean, half days": ("", "[2026. 11. 20. (금) 오전 08:01:{}] "),
    "finnish": ("", "[pe marras 20 08.01.{} 2026] "),
    "hungarian": ("", "[P nov.   20 08:01:{} 2026] "),
    "greek": ("", "[Παρ Νοε 20 08:01:{} 2026] "),
    "amharic": ("", "[ዓርብ ኖቬም 20 08:01:{} 2026] "),
    "half days and a zone": ("", "[Fri 20 Nov 2026 08:01:{} AM CET] "),
    "no bracket": ("", "20.11.2026 08:01:{} | "),
    "no bracket, milliseconds": ("", "20-Kas-2026 08:01:{},123 "),
    "day of the year": ("", "<2026-325 08:01:{}> "),
    "week": ("", "2026-W47-5T08:01:{}+03:00 "),
    "a writer of its own": ("", "I1120 08:01:{}.000123 dmesg] "),
}


@pytest.mark.parametrize("name", STAMPS)
def test_no_line_is_lost(name: str) -> None:
    script, stamp = STAMPS[name]
    table = str.maketrans("0123456789", DIGITS[script])
    found = diagnosed("".join(f"{stamp.format(f'{time:02}').translate(table)}{text}\n" for time, text in LINES))
    assert (found.outcome, found.steps, found.kernel, found.role) == ("failed", ("TDH.SYS.INIT",), "6.16.9", "host")
    assert found.topology.online_count == 8
