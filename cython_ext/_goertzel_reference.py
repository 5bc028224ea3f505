"""Plain twin of the Goertzel loop: defines what is right."""

import math


def window_harmonics(samples, bounds, radians, out):  # type: ignore[no-untyped-def]
    x = samples.tolist()
    for k in range(len(bounds) - 1):
        begin, end = int(bounds[k]), int(bounds[k + 1])
        scale = 2.0 / (end - begin)
        for h, angle in enumerate(radians.tolist()):
            twice = 2.0 * math.cos(angle)
            s1 = s2 = 0.0
            for i in range(begin, end):
                s = x[i] + twice * s1 - s2
                s2, s1 = s1, s
            # what the recursion holds is turned back to the first sample
            turn = angle * (end - begin - 1)
            real, imaginary = s1 - math.cos(angle) * s2, math.sin(angle) * s2
            out[k, h, 0] = scale * (real * math.cos(turn) + imaginary * math.sin(turn))
            out[k, h, 1] = scale * (imaginary * math.cos(turn) - real * math.sin(turn))
