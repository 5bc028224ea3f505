"""The words of an event in English and Chinese: what it is, of which device, what to do. Data; ``sentences`` puts them together.

No symbols: they are read out by machines (needs.md 1.11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Both:
    """The same in English and in Chinese."""

    en: str
    zh: str


def _table(**words: tuple[str, str]) -> Mapping[str, Both]:
    return MappingProxyType({name.replace("__", "."): Both(*both) for name, both in words.items()})


KINDS_IN_WORDS = _table(
    supply__lost=("outage", "停电"),
    supply__planned=("planned interruption", "计划停电"),
    supply__disconnected=("customer cut off by command", "欠费停电"),
    comm__lost=("communication failure", "通信中断"),
    meter__silent=("meter without answer", "电表无应答"),
    module__unplugged=("communication module pulled out", "通信模块被拔出"),
    meter__swapped=("meter being replaced", "正在换表"),
    area__transferred=("meter on another transformer", "电表已割接到其他台区"),
    customer__side_loss=("load collapsed behind the meter", "用户内部失电"),
)
DEVICES = _table(
    meter=("one customer", "用户"), box=("a meter box", "表箱"), branch=("a branch box", "分支箱"), feeder=("a feeder", "低压出线"),
    area=("the whole area", "整个台区"), bus=("a meter bus", "采集通道"),
)
TAGS = _table(
    medical=("medical equipment", "医疗设备"), cold_chain=("cold store", "冷链"), aquaculture=("fish farm", "水产养殖"),
    elderly=("elderly person", "老人"), school=("school", "学校"), tobacco=("tobacco barn", "烟叶烤房"),
)
CAUSES = _table(
    fault=("a fault", "故障"), planned=("planned work", "计划检修"), arrears=("arrears", "欠费"),
    customer=("the installation of the customer", "用户内部"), unknown=("not known yet", "待查"),
)
STATES = _table(suspected=("possible", "疑似"), partial=("partly restored", "部分恢复的"), unknown=("", ""))
ENDS = _table(
    over=("is over", "已结束"), merged=("is part of a larger one now", "已并入更大范围的事件"),
    withdrawn=("is no longer watched", "不再监视，是否已恢复不明"),
)
AFTERWARDS = _table(
    discarded=("Nothing to do.", "无需处理。"), merged=("See the larger one.", "请看更大范围的事件。"),
    withdrawn=("Ask whether it is over.", "请核实是否已恢复。"),
)
# what a crew does first, by device; {phase} is put in where one phase alone is out
ACTIONS = _table(
    meter=(
        "Send an electrician to this customer. Check the meter fuse, the terminals and the service wire.",
        "请派电工到该用户处，检查表前开关、接线端子和进户线。",
    ),
    box=("Send a crew to the meter box. Check its incoming switch and fuses.", "请派抢修人员到表箱，检查进线开关和熔断器。"),
    branch=("Send a crew to the branch box. Check its breaker and the line behind it.", "请派抢修人员到分支箱，检查开关及其后线路。"),
    feeder=(
        "Send a crew to the outgoing switch of the feeder. Walk the line before switching on.",
        "请派抢修人员到低压出线开关处，送电前先巡线。",
    ),
    area=(
        "Ask first whether the medium voltage line or neighbouring areas are out. If not, send a crew to the transformer.",
        "请先核实中压线路和相邻台区是否停电，如正常，请派抢修人员检查变压器及其熔断器。",
    ),
    bus=("Check the concentrator, its gateway and its cabling.", "请检查集中器、网关和接线。"),
)
ONE_PHASE = Both(
    "Look for a blown fuse or a broken conductor of phase {phase}. Customers with three phases must switch their motors off.",
    "重点检查{phase}相熔断器和导线，请三相用户先停用电动机。",
)
AFTER_FIRE = Both("Signs of overheating came before. Look for burnt contacts first.", "此前有过热迹象，请先查看烧损的接点。")
NOT_SURE = Both("Do not send a crew yet. Ask the customers or wait for the next message.", "暂不派工，请先联系用户核实或等待下一条消息。")
IS_BACK = Both("Nothing to do.", "无需处理。")
SOME_OUT = Both("Ask the customers who are still out.", "请核实仍未恢复的用户。")
OF_KINDS = _table(
    supply__planned=("Nothing to do. Check that supply is back when the work is over.", "无需派工，检修结束后请核实送电。"),
    supply__disconnected=("Nothing to do. Check the supply after payment.", "无需派工，缴费后请核实复电。"),
    comm__lost=(
        "Supply is present. Check the communication before sending a line crew.",
        "供电正常，无需派抢修人员，请检查通信设备和线路。",
    ),
    meter__silent=(
        "The meter may be without supply or only mute. Ask the customer whether there is light.",
        "可能停电，也可能只是通信故障，请联系用户核实是否有电。",
    ),
    module__unplugged=("This is no outage. Put the module back at the next visit.", "不是停电，请下次到现场时装回模块。"),
    meter__swapped=("This is no outage. Enter the new meter in the archive.", "不是停电，请更新电表档案。"),
    area__transferred=("This is no outage. Move the meter to the archive of its new area.", "不是停电，请更新台区档案。"),
    customer__side_loss=(
        "The meter has supply. Call the customer at once about a tripped breaker.",
        "电网侧供电正常，请立即联系用户检查自家开关。",
    ),
)
# reasons of a discarded event in Chinese; others are read out in English only
REASONS_ZH: Mapping[str, str] = MappingProxyType({
    "communication failure": "通信故障",
    "the meters answered": "电表已应答",
    "its meters answer, or are only not heard": "电表已应答或只是通信不通",
    "it answers again, and nobody said that its supply was gone": "电表已恢复应答，未收到停电上报",
    "planned work": "计划检修",
    "module unplugged": "模块被拔出",
    "meter swap": "换表",
    "area transfer": "台区割接",
})
