"""Plain twin of the posterior over what may have failed: defines what is right."""

import math

COLUMNS, RESCALE_EVERY = 4, 8


def weigh(  # type: ignore[no-untyped-def]
    order, parent, own_start, own_stop, is_shadowed, placed, is_three, meter_prior, bus_of, gasped, gasp_chance, polls_failed, answered,
    masked, muted, via, phase_ratio, phase_log, node_prior, mean, point, share, alive_ratio, way_log, stale, way_answered, false_gasp,
    floor, most, unheard_chance, relay_chance, bus_prior, fixed, slope, poll_ratio, unheard, mean_ratio, row, inner, product, waiting,
    stack, node_log, meter_log, relay_log, bus_log, best, choice,
):
    counts = [not masked[m] and not muted[m] for m in range(len(via))]
    for v in range(len(parent)):
        own = range(own_start[v], own_stop[v])
        chances = [_chance(masked[m], gasped[m], gasp_chance[m], floor, most) for m in order[own.start : own.stop]]  # type: ignore[no-untyped-call]
        count = sum(chance > 0.0 for chance in chances)
        row[v] = min(int(sum(chances) / count * len(mean)), len(mean) - 1) if count else 0
        of_box = mean[row[v]]
        for i, chance in zip(own, chances, strict=True):
            m = order[i]
            poll = 1.0
            if counts[m] and answered[m]:
                poll = stale
            elif counts[m] and polls_failed[m] > 0:
                poll = alive_ratio[min(polls_failed[m], len(alive_ratio) - 1)]
            poll_ratio[i] = poll
            # a meter's chance follows that of its box: in proportion below the mean of the box, in proportion of the rest above it
            rise = chance / of_box if chance <= of_box else (1.0 - chance) / (1.0 - of_box)
            base = 0.0 if chance <= of_box else 1.0 - rise
            if chance == 0.0:
                fixed[i], slope[i] = poll, 0.0
            elif gasped[m]:
                fixed[i], slope[i] = base / false_gasp * poll, rise / false_gasp * poll
            else:
                fixed[i], slope[i] = (1.0 - base) / (1.0 - false_gasp) * poll, -rise / (1.0 - false_gasp) * poll
            mean_ratio[i] = fixed[i] + slope[i] * of_box
    term = [0.0] * len(via)
    for i in range(len(via)):
        if counts[i] and answered[i]:
            term[i] = way_answered
        elif counts[i] and polls_failed[i] > 0:
            term[i] = way_log[min(polls_failed[i], len(way_log) - 1)]
    bus_log[:] = bus_prior
    for i in range(len(via)):
        bus_log[bus_of[i]] += term[i]
    is_relay = [False] * len(via)
    for i in range(len(via)):
        if via[i] >= 0:
            is_relay[via[i]] = True
    relay_log[:] = term
    _sum_behind(via, waiting, stack, relay_log)  # type: ignore[no-untyped-call]
    for i in range(len(via)):
        relay_log[i] = relay_log[i] + math.log(relay_chance / sum(is_relay)) if is_relay[i] else -math.inf
    _tree(  # type: ignore[no-untyped-call]
        fixed, slope, poll_ratio, mean_ratio, row, is_three, phase_ratio, placed, meter_prior, phase_log, point, share, parent, own_start,
        own_stop, node_prior, is_shadowed, unheard_chance, unheard, node_log, meter_log, inner, best, choice, product,
    )


def _chance(masked, gasped, chance, floor, most):  # type: ignore[no-untyped-def]
    chance = 0.0 if masked else min(chance, most)
    return max(chance, floor) if gasped and chance > 0.0 else chance


def _sum_behind(via, waiting, stack, total):  # type: ignore[no-untyped-def]
    """``total`` of each and of all behind it; what stands in a circle is not passed on."""
    top = 0
    waiting[:] = 0
    for i in range(len(via)):
        if via[i] >= 0:
            waiting[via[i]] += 1
    for i in range(len(via)):
        if waiting[i] == 0:
            stack[top] = i
            top += 1
    while top > 0:
        top -= 1
        i = stack[top]
        if via[i] >= 0:
            total[via[i]] += total[i]
            waiting[via[i]] -= 1
            if waiting[via[i]] == 0:
                stack[top] = via[i]
                top += 1


def _tree(  # type: ignore[no-untyped-def]
    fixed, slope, poll_ratio, mean_ratio, row, is_three, phase_ratio, placed, meter_prior, phase_log, point, share, parent, own_start,
    own_stop, node_prior, is_shadowed, unheard_chance, unheard, node_log, meter_log, inner, best, choice, product,
):
    nodes = len(parent)
    for v in range(nodes):
        start, stop = int(own_start[v]), int(own_stop[v])
        inner[v] = 0.0
        for i in range(start, stop):
            meter_log[i] = meter_prior[i] + math.log(mean_ratio[i])
            phases = sum(x for x in phase_log[i] if x > 0.0) if is_three[i] else 0.0
            inner[v] += max(meter_log[i], phases)
        for k in range(COLUMNS):
            node_log[v, k] = unheard[v, k] = 0.0
            if start < stop:
                ratio = [phase_ratio[i, k - 1] if k > 0 and is_three[i] else None for i in range(start, stop)]
                node_log[v, k] = _group(  # type: ignore[no-untyped-call]
                    fixed[start:stop], slope[start:stop], ratio, placed[start:stop, k], point[row[v]], share[row[v]], product
                )
                unheard[v, k] = _unheard(poll_ratio[start:stop], ratio, placed[start:stop, k])  # type: ignore[no-untyped-call]
    for v in range(nodes - 1, -1, -1):
        if v > 0:
            node_log[parent[v]] += node_log[v]
            unheard[parent[v]] += unheard[v]
        for k in range(COLUMNS):
            low, high = sorted((math.log(unheard_chance) + unheard[v, k], math.log(1.0 - unheard_chance) + node_log[v, k]))
            node_log[v, k] = high + math.log(1.0 + math.exp(low - high)) + node_prior[v, k]
        phase = max(0.0, *node_log[v, 1:])
        options = [(inner[v], 0)] + ([] if is_shadowed[v] else [(node_log[v, 0], 1), (phase, 2)])
        best[v], choice[v] = options[0]
        for value, code in options[1:]:
            if value > best[v]:
                best[v], choice[v] = value, code
        if v > 0:
            inner[parent[v]] += best[v]
    for v in range(1, nodes):
        if choice[parent[v]] != 0:
            choice[v] = -1


def _group(fixed, slope, ratio, placed, point, share, product):  # type: ignore[no-untyped-def]
    """log of the sum over ``point`` of ``share`` times the product over meters of 1 - placed + placed * ratio."""
    product[:] = 1.0
    total, scale = 0.0, 0.0
    for i in range(len(fixed)):
        constant, rise = 1.0 + placed[i] * (fixed[i] - 1.0), placed[i] * slope[i]
        if ratio[i] is not None:
            constant, rise = 1.0 + placed[i] * (ratio[i] - 1.0), 0.0
        product *= constant + rise * point
        if i % RESCALE_EVERY == RESCALE_EVERY - 1:
            peak = product.max()
            product /= peak
            scale += math.log(peak)
    for j in range(len(point)):
        total += share[j] * product[j]
    return math.log(total) + scale


def _unheard(poll_ratio, ratio, placed):  # type: ignore[no-untyped-def]
    """log of the product where no last gasp can be heard."""
    product, log = 1.0, 0.0
    for i in range(len(poll_ratio)):
        product *= 1.0 + placed[i] * ((poll_ratio[i] if ratio[i] is None else ratio[i]) - 1.0)
        if i % RESCALE_EVERY == RESCALE_EVERY - 1:
            log += math.log(product)
            product = 1.0
    return log + math.log(product)


def chances(  # type: ignore[no-untyped-def]
    concerned, order, parent, own_start, own_stop, via, bus_of, is_three, mean_ratio, placed, node_log, meter_log, phase_log, relay_log,
    bus_log, count, waiting, stack, node, meter, phase, relay, bus, above, dead,
):
    nodes, n = len(parent), len(via)
    count[:] = 0
    for v in range(nodes - 1, -1, -1):
        count[v] += sum(int(concerned[m]) for m in order[own_start[v] : own_stop[v]])
        if v > 0:
            count[parent[v]] += count[v]
    relay[:] = concerned
    bus[:] = 0.0
    for i in range(n):
        bus[bus_of[i]] += concerned[i]
    _sum_behind(via, waiting, stack, relay)  # type: ignore[no-untyped-call]
    for v in range(nodes):
        node[v] = node_log[v] if count[v] > 0 else -math.inf
    for i in range(len(meter)):
        is_concerned = concerned[order[i]]
        meter[i] = meter_log[i] if is_concerned else -math.inf
        phase[i] = phase_log[i] if is_three[i] and is_concerned else -math.inf
    for i in range(n):
        relay[i] = relay_log[i] if relay[i] > 0.0 else -math.inf
    for b in range(len(bus)):
        bus[b] = bus_log[b] if bus[b] > 0.0 else -math.inf
    lists = [node.reshape(-1), meter, phase.reshape(-1), relay, bus]
    peak = max([0.0, *(max(values) for values in lists if len(values))])
    for values in lists:
        for i in range(len(values)):
            values[i] = math.exp(values[i] - peak)
    total = math.exp(-peak)
    for value in node.reshape(-1):
        total += value
    for i in range(len(meter)):
        total += meter[i]
        for value in phase[i]:
            total += value
    for values in (relay, bus):
        for value in values:
            total += value
    for values in lists:
        values /= total
    dead[:] = 0.0
    for v in range(nodes):
        above[v] = node[v]
        if v > 0:
            above[v] += above[parent[v]]
        for i in range(own_start[v], own_stop[v]):
            m = order[i]
            dead[m] = meter[i]
            for k in range(COLUMNS):
                if k == 0 or not is_three[i]:
                    there = placed[i, k] * mean_ratio[i]
                    dead[m] += above[v, k] * there / (1.0 - placed[i, k] + there)
            dead[m] = min(dead[m], 1.0)
    return math.exp(-peak) / total
