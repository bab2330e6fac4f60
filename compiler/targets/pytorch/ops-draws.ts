/** The part of `ops.py` that draws what follows from a seed of the spec alone. */
export const drawsSource = `@functools.lru_cache(maxsize=16)
def _first_of_permutation(size: int, count: int, seed: int) -> Tensor:
    # On the CPU, whatever a model is on: the generators of other devices draw others.
    generator = torch.Generator("cpu").manual_seed(seed)
    return torch.randperm(size, generator=generator, device="cpu")[:count]


@torch.compiler.assume_constant_result
def drawn_places(sizes: Sequence[int], count: int, seed: int) -> Tensor:
    """Different places of a tensor of some sizes, a row of numbers for each axis."""
    first = _first_of_permutation(math.prod(sizes), count, seed)
    places = torch.stack(torch.unravel_index(first, list(sizes))).int()
    return places.to(torch.empty(0).device)


@torch.compiler.assume_constant_result
def drawn_normals(sizes: Sequence[int], seed: int) -> Tensor:
    """Numbers of the standard normal distribution that follow from a seed alone."""
    generator = torch.Generator("cpu").manual_seed(seed)
    drawn = torch.randn(list(sizes), generator=generator, device="cpu")
    return drawn.to(torch.empty(0).device)


@functools.lru_cache(maxsize=4)
def _drawn_evenly(count: int, limit: int, seed: int) -> Tensor:
    bits = _numpy_bits(seed)
    rest = count % limit
    if limit > 10_000 and rest > limit // 50:
        everything = list(range(limit))
        _shuffle(everything, limit - rest, _choice, bits)
        chosen = everything[limit - rest :]
    else:
        chosen = []
        met = set[int]()
        for last in range(limit - rest, limit):
            number = _choice(bits, last)
            chosen.append(last if number in met else number)
            met.add(chosen[-1])
        _shuffle(chosen, 1, _choice, bits)
    times = count // limit
    numbers = [place // times for place in range(times * limit)] + chosen
    _shuffle(numbers, 1, _up_to, bits)
    return torch.tensor(numbers, dtype=torch.int32, device="cpu")


@torch.compiler.assume_constant_result
def drawn_evenly(count: int, limit: int, seed: int) -> Tensor:
    """Numbers below a limit, each as often as another or once more, as NumPy shuffles them."""
    return _drawn_evenly(count, limit, seed).to(torch.empty(0).device)


def _numpy_bits(seed: int) -> Iterator[int]:
    """Numbers of 32 bits from NumPy's default generator, which is PCG64."""
    enter, leave = _hashing(0x43B0D7E5, 0x931E8875), _hashing(0x8B51F9DD, 0x58F38DED)
    pool = [enter(word) for word in (seed & 0xFFFFFFFF, seed >> 32, 0, 0)]
    for source, target in itertools.permutations(range(4), 2):
        met = pool[target] * 0xCA01F9DD - enter(pool[source]) * 0x4973F715
        pool[target] = (met & 0xFFFFFFFF) ^ (met >> 16 & 0xFFFF)
    halves = [leave(value) for value in pool * 2]
    high, low, upper, lower = (halves[at] | halves[at + 1] << 32 for at in range(0, 8, 2))
    increment = upper << 65 | lower << 1 | 1

    def after(state: int) -> int:
        return (state * 0x2360ED051FC65DA44385DF649FCCF645 + increment) & (1 << 128) - 1

    state = after(increment + (high << 64 | low))
    while True:
        state = after(state)
        folded = (state >> 64) ^ (state & (1 << 64) - 1)
        turn = state >> 122
        turned = folded >> turn | folded << (-turn & 63)
        yield turned & 0xFFFFFFFF
        yield turned >> 32 & 0xFFFFFFFF


def _hashing(constant: int, factor: int) -> Callable[[int], int]:
    def hashed(value: int) -> int:
        nonlocal constant
        value ^= constant
        constant = constant * factor & 0xFFFFFFFF
        value = value * constant & 0xFFFFFFFF
        return value ^ value >> 16

    return hashed


def _choice(bits: Iterator[int], limit: int) -> int:
    while limit > 0:
        product = next(bits) * (limit + 1)
        if product & 0xFFFFFFFF >= (0xFFFFFFFF - limit) % (limit + 1):
            return product >> 32
    return 0


def _up_to(bits: Iterator[int], limit: int) -> int:
    mask = (1 << limit.bit_length()) - 1
    value = next(bits) & mask if limit > 0 else 0
    while value > limit:
        value = next(bits) & mask
    return value


def _shuffle(
    values: list[int], first: int, choose: Callable[[Iterator[int], int], int], bits: Iterator[int]
) -> None:
    for place in range(len(values) - 1, first - 1, -1):
        other = choose(bits, place)
        values[place], values[other] = values[other], values[place]


`;
