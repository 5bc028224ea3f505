"""Plain twin of the loop of peer medians: defines what is right."""

import math


def peer_median(  # type: ignore[no-untyped-def]
    value, members, member_starts, users, user_starts, work, out, min_peers, min_share
):
    out[:] = math.nan
    found = 0
    for group in range(len(member_starts) - 1):
        all_members = members[member_starts[group] : member_starts[group + 1]]
        known = sorted(float(value[place]) + 0.0 for place in all_members if math.isfinite(value[place]))
        count = len(known)
        work[:count] = known
        if count - 1 < min_peers or count < min_share * len(all_members):
            continue
        for user in users[user_starts[group] : user_starts[group + 1]]:
            if not math.isfinite(value[user]):
                continue
            others = list(known)
            others.remove(float(value[user]))
            half = len(others) // 2
            out[user] = others[half] if len(others) % 2 else 0.5 * (others[half - 1] + others[half])
            found += 1
    return found
