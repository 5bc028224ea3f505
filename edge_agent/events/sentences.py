"""One plain paragraph of an event in English and in Chinese: where, who, since when, how sure, what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from edge_agent.contract import EventBody, PriorityMeter
from edge_agent.contract.envelope import utc_ms_of
from edge_agent.events import words
from edge_agent.events.kinds import kind_of
from edge_agent.events.words import KINDS_IN_WORDS, Both

STILL_ON = "still on"     # in ``could_be`` of an event that nobody watches any more
_SUPPLY = "supply.lost"
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    action: Both
    sentence: Both


def words_of(body: EventBody, *, utc_offset_h: float) -> Words:
    """Of an event at one revision; the sentences are empty for kinds that no words are known for.

    Clock times are said as ``utc_offset_h`` ahead of UTC.
    """
    action = _action(body)
    if body.kind not in KINDS_IN_WORDS:
        return Words(action=action, sentence=Both("", ""))
    english = [_what_en(body), _when_en(body, utc_offset_h), _who_en(body), _how_sure_en(body), action.en]
    chinese = [_what_zh(body), _when_zh(body, utc_offset_h), _who_zh(body), _how_sure_zh(body), action.zh]
    return Words(action=action, sentence=Both(" ".join(filter(None, english)), "".join(filter(None, chinese))))


def spoken(text: str) -> str:
    """Letters and digits of any script, all else as a pause: ``feeder-1/box_3`` -> ``feeder 1 box 3``."""
    return " ".join(re.findall(r"[^\W_]+", text))


def _action(body: EventBody) -> Both:
    standing = _standing(body)
    if body.kind not in KINDS_IN_WORDS:
        return Both(kind_of(body.kind).action, "")
    if standing in words.AFTERWARDS:
        return words.AFTERWARDS[standing]
    if standing == "over":
        return words.SOME_OUT if body.meters_affected and kind_of(body.kind).is_supply else words.IS_BACK
    if body.kind != _SUPPLY:
        return words.OF_KINDS[body.kind]
    if body.state == "suspected":
        return words.NOT_SURE
    steps = [words.ACTIONS.get(body.device, words.ACTIONS["area"])]
    if body.phases and body.device != "meter":
        named = list(body.phases.upper())
        steps.append(Both(words.ONE_PHASE.en.format(phase=" and ".join(named)), words.ONE_PHASE.zh.format(phase="、".join(named))))
    if any(kind_of(precursor.kind).event_class == "fire" for precursor in body.precursors):
        steps.insert(0, words.AFTER_FIRE)
    return Both(" ".join(step.en for step in steps), "".join(step.zh for step in steps))


def _standing(body: EventBody) -> str:
    """Whether it is "on", or how it came to its end: "over", "discarded", "merged" or "withdrawn"."""
    if body.state == "discarded":
        return "discarded"
    if body.end is None:
        return "on"
    if body.superseded_by:
        return "merged"
    return "withdrawn" if body.could_be[:1] == [STILL_ON] else "over"


def _what_en(body: EventBody) -> str:
    what, standing = KINDS_IN_WORDS[body.kind].en, _standing(body)
    phase = f", phase {' and '.join(body.phases.upper())}" if body.phases else ""
    where = ", ".join([f"{words.DEVICES[body.device].en if body.device else 'a place'}{phase}", *_names(body)])
    if standing == "on":
        text = f"{words.STATES[body.state].en if body.state in words.STATES else ''} {what} at {where}.".strip()
        return text[0].upper() + text[1:]
    if standing == "discarded":
        return f"There is no {what} at {where}." + (f" Reason, {spoken(body.reason)}." if body.reason else "")
    return f"The {what} at {where}, {words.ENDS[standing].en}."


def _what_zh(body: EventBody) -> str:
    what, standing = KINDS_IN_WORDS[body.kind].zh, _standing(body)
    phase = f"{'、'.join(body.phases.upper())}相" if body.phases else ""
    where = "，".join([*_names(body), f"{words.DEVICES[body.device].zh if body.device else ''}{phase}"])
    if standing == "on":
        return f"{where}{words.STATES[body.state].zh if body.state in words.STATES else ''}{what}。"
    if standing == "discarded":
        reason = words.REASONS_ZH.get(body.reason, "")
        return f"{where}没有{what}" + (f"，原因是{reason}。" if reason else "。")
    return f"{where}的{what}{words.ENDS[standing].zh}。"


def _when_en(body: EventBody, utc_offset_h: float) -> str:
    if _standing(body) == "discarded":
        return ""
    begin = _local(body.begin, utc_offset_h)
    spread_s = body.begin_uncertainty_s or 0.0
    text = f"It began on {begin.day} {_MONTHS[begin.month - 1]} at {begin:%H} {begin:%M}"
    if spread_s >= 60.0:
        text += f", give or take {_span_en(spread_s)}"
    if body.end is not None and _standing(body) == "over":
        end = _local(body.end, utc_offset_h)
        text += f" and ended at {end:%H} {end:%M}, after {_span_en(body.duration_s or 0.0)}"
    return text + "."


def _when_zh(body: EventBody, utc_offset_h: float) -> str:
    if _standing(body) == "discarded":
        return ""
    begin = _local(body.begin, utc_offset_h)
    text = f"{begin.month}月{begin.day}日{begin.hour}点{begin.minute}分开始"
    if (body.begin_uncertainty_s or 0.0) >= 60.0:
        text += f"，前后误差{_span_zh(body.begin_uncertainty_s or 0.0)}"
    if body.end is not None and _standing(body) == "over":
        end = _local(body.end, utc_offset_h)
        text += f"，{end.hour}点{end.minute}分结束，历时{_span_zh(body.duration_s or 0.0)}"
    return text + "。"


def _who_en(body: EventBody) -> str:
    if _standing(body) == "discarded":
        return ""
    total, out = body.original_meters_affected, body.meters_affected
    if _standing(body) == "over" and kind_of(body.kind).is_supply:
        text = f"{_meters_en(total)} had been out" + (f", {out} of them still {'is' if out == 1 else 'are'}." if out else ".")
    elif kind_of(body.kind).is_supply and total > out:
        text = f"{_meters_en(out)} of {total} {'is' if out == 1 else 'are'} still out."
    elif kind_of(body.kind).is_supply:
        text = f"{_meters_en(out)} {'is' if out == 1 else 'are'} out."
    else:
        text = f"It concerns {_meters_en(total)}."
    named = [f"{words.TAGS[one.tag].en} at meter {spoken(one.id)}" for one in _waiting(body)]
    return text + (f" Look first after {', '.join(named)}." if named else "")


def _who_zh(body: EventBody) -> str:
    if _standing(body) == "discarded":
        return ""
    total, out = body.original_meters_affected, body.meters_affected
    if _standing(body) == "over" and kind_of(body.kind).is_supply:
        text = f"共影响{total}户" + (f"，仍有{out}户未恢复。" if out else "。")
    elif kind_of(body.kind).is_supply and total > out:
        text = f"原停电{total}户，仍停电{out}户。"
    else:
        text = f"停电{out}户。" if kind_of(body.kind).is_supply else f"涉及{total}户。"
    named = [f"{words.TAGS[one.tag].zh}用户{spoken(one.id)}" for one in _waiting(body)]
    return text + (f"请优先照顾{'、'.join(named)}。" if named else "")


def _how_sure_en(body: EventBody) -> str:
    if body.end is not None:
        return ""
    texts = [f"This is {_percent(body)} percent sure."]
    if body.scope_ambiguous_with:
        texts.append("It may also lie further up, in the medium voltage line.")
    if body.cause_kind:
        texts.append(f"Cause, {words.CAUSES[body.cause_kind].en}.")
    return " ".join(texts)


def _how_sure_zh(body: EventBody) -> str:
    if body.end is not None:
        return ""
    text = f"把握为百分之{_percent(body)}。"
    if body.scope_ambiguous_with:
        text += "也可能是上级中压线路停电。"
    return text + (f"原因，{words.CAUSES[body.cause_kind].zh}。" if body.cause_kind else "")


def _percent(body: EventBody) -> int:
    """Rounded down, and never all: nothing is sure until somebody has been there."""
    return min(99, int(100.0 * body.confidence))


def _names(body: EventBody) -> list[str]:
    """Path, address and pole of the place, to be read out."""
    address = [] if body.location is None else [body.location.address, body.location.pole]
    return [text for text in map(spoken, [" ".join(body.node_path or [body.node_id]), *address]) if text]


def _waiting(body: EventBody) -> list[PriorityMeter]:
    """Priority customers who are not back."""
    return [one for one in body.priority_meters if not one.back]


def _meters_en(count: int) -> str:
    return f"{count} customer" if count == 1 else f"{count} customers"


def _local(text: str, utc_offset_h: float) -> datetime:
    return datetime.fromtimestamp(utc_ms_of(text) / 1000.0, UTC) + timedelta(hours=utc_offset_h)


def _span_en(seconds: float) -> str:
    minutes = round(seconds / 60.0)
    if minutes < 1:
        return "less than a minute"
    hours, rest = divmod(minutes, 60)
    parts = [f"{value} {unit}{'' if value == 1 else 's'}" for value, unit in ((hours, "hour"), (rest, "minute")) if value]
    return " and ".join(parts)


def _span_zh(seconds: float) -> str:
    minutes = round(seconds / 60.0)
    if minutes < 1:
        return "不到1分钟"
    hours, rest = divmod(minutes, 60)
    return "".join(f"{value}{unit}" for value, unit in ((hours, "小时"), (rest, "分钟")) if value)
