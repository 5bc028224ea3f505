"""Plain twin of the silence loop: defines what is right."""


def mark_silent(  # type: ignore[no-untyped-def]
    polls_failed, first_failed_ms, reachable, silent, now_ms, min_polls, min_ms
):
    count = 0
    for i in range(len(silent)):
        first_ms = first_failed_ms[i]
        lasts = now_ms - first_ms >= min_ms or first_ms > now_ms
        silent[i] = bool(reachable[i]) and polls_failed[i] >= min_polls and first_ms >= 0 and lasts
        count += int(silent[i])
    return count
