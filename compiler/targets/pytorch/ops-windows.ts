/** The part of `ops.py` that has convolutions and pools. */
export const windowsSource = `Moves = int | Sequence[int]
Padding = int | str | Sequence[int] | Sequence[Sequence[int]]


def _per_axis(value: Moves, axes: int) -> list[int]:
    return [value] * axes if isinstance(value, int) else list(value)


def _pairs(padding: Padding, axes: int) -> list[tuple[int, int]]:
    assert not isinstance(padding, str)
    amounts: Sequence[int | Sequence[int]]
    amounts = [padding] * axes if isinstance(padding, int) else padding
    return [(each, each) if isinstance(each, int) else (each[0], each[1]) for each in amounts]


def _padded(x: Tensor, pairs: list[tuple[int, int]], value: float = 0.0) -> Tensor:
    if all(amount == 0 for pair in pairs for amount in pair):
        return x
    return F.pad(x, [amount for pair in reversed(pairs) for amount in pair], value=value)


def conv(
    x: Tensor,
    weight: Tensor,
    stride: Moves = 1,
    padding: Padding = 0,
    dilation: Moves = 1,
    groups: int = 1,
) -> Tensor:
    """A convolution with the channels last: [batch, ..., inputs] -> [batch, ..., outputs]."""
    axes = x.ndim - 2
    steps = _per_axis(dilation, axes)
    if padding == "same":
        whole = [(size - 1) * step for size, step in zip(weight.shape[2:], steps, strict=True)]
        pairs = [(each // 2, each - each // 2) for each in whole]
    else:
        pairs = _pairs(padding, axes)
    function = (F.conv1d, F.conv2d, F.conv3d)[axes - 1]
    grid = _padded(x.movedim(-1, 1), pairs)
    with torch.autocast(x.device.type, enabled=False):
        made = function(grid, weight, None, _per_axis(stride, axes), 0, steps, groups)
    return made.movedim(1, -1)


def conv_transpose(
    x: Tensor,
    weight: Tensor,
    stride: Moves = 1,
    padding: Padding = 0,
    output_padding: Moves = 0,
    dilation: Moves = 1,
    groups: int = 1,
) -> Tensor:
    """A transposed convolution with the channels last."""
    axes = x.ndim - 2
    function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[axes - 1]
    steps = _per_axis(dilation, axes)
    beyond = _per_axis(output_padding, axes)
    pairs = _pairs(padding, axes)
    whole = function(x.movedim(-1, 1), weight, None, _per_axis(stride, axes), 0, 0, groups, steps)
    # Rows beyond the last window are zeros; padding is what is left out at both ends.
    whole = _padded(whole, [(0, amount) for amount in beyond])
    for axis, (before, after) in enumerate(pairs):
        length = whole.shape[axis + 2] - before - after
        whole = whole.narrow(axis + 2, before, length)
    return whole.movedim(1, -1)


def _windows(x: Tensor, size: Moves, stride: Moves | None, padding: Padding) -> tuple[Any, ...]:
    axes = x.ndim - 2
    kernel = _per_axis(size, axes)
    step = kernel if stride is None else _per_axis(stride, axes)
    return axes, kernel, step, _pairs(padding, axes)


def max_pool(x: Tensor, size: Moves, stride: Moves | None = None, padding: Padding = 0) -> Tensor:
    """The largest value of each window, with the channels last; padding is never the largest."""
    axes, kernel, step, pairs = _windows(x, size, stride, padding)
    function = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[axes - 1]
    grid = _padded(x.movedim(-1, 1), pairs, -math.inf)
    return function(grid, kernel, step).movedim(1, -1)


def avg_pool(
    x: Tensor,
    size: Moves,
    stride: Moves | None = None,
    padding: Padding = 0,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window, with the channels last."""
    axes, kernel, step, pairs = _windows(x, size, stride, padding)
    function = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[axes - 1]
    mean = function(_padded(x.movedim(-1, 1), pairs), kernel, step)
    if not count_include_pad:
        ones = torch.ones_like(x[:1, ..., :1]).movedim(-1, 1)
        mean = mean / function(_padded(ones, pairs), kernel, step)
    return mean.movedim(1, -1)


`;
