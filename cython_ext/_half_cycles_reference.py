"""Plain twin of the half-cycle counter: defines what is right."""

_SLOTS = (1 << 100) - 1
_HALF = (1 << 50) - 1
_WORD = (1 << 64) - 1


def count_half_cycles(codes, rings, out):  # type: ignore[no-untyped-def]
    for n in range(len(codes)):
        arcing, missing, moved, steady, returned = (int(rings[n, 2 * ring]) | int(rings[n, 2 * ring + 1]) << 64 for ring in range(5))
        for w, code in enumerate(codes[n].tolist()):
            arcing, missing, moved, steady, returned = (ring << 1 & _SLOTS for ring in (arcing, missing, moved, steady, returned))
            if code == 4:
                missing |= 1
            else:
                if code in (1, 2, 3, 5) and missing:
                    arcing |= missing
                    moved |= 1
                missing = 0
                if code in (1, 2, 3):
                    arcing |= 1
                if code == 2:
                    moved |= 1
                if code == 3:
                    steady |= 1
                if code in (0, 5):
                    returned |= 1
            since = (1 << arcing.bit_length() - 1) - 1 if arcing else 0
            recent, total = (arcing & _HALF).bit_count(), arcing.bit_count()
            out[n, w] = recent, total, moved.bit_count(), steady.bit_count(), (returned & since).bit_count()
        for ring, bits in enumerate((arcing, missing, moved, steady, returned)):
            rings[n, 2 * ring], rings[n, 2 * ring + 1] = bits & _WORD, bits >> 64
