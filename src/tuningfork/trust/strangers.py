"""Pictures of other things than the sky, drawn by rule, to learn and to test "no galaxy here".

Each kind is a function from a random generator and a side to uint8 (side, side, 3). Photographs
cannot be drawn; :func:`leaves` has their statistics: things in front of things, at every size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy.ndimage import gaussian_filter

from tuningfork.images.simulated.camera import developed
from tuningfork.images.simulated.survey import BANDS

Pixels = NDArray[np.uint8]
Random = np.random.Generator
Colour = tuple[int, int, int]

WORDS = (
    "Error 404", "Image not available", "The requested position is outside the survey footprint",
    "Internal Server Error", "No data", "Service unavailable", "Access denied", "Loading",
    "The quick brown fox jumps over the lazy dog", "Chapter 3", "x = 12.7", "Monday", "galaxy",
)  # fmt: skip


def noise(random: Random, side: int) -> Pixels:
    """Independent pixels: uniform, normal about a level, or specks, in grey or colour."""
    channels = int(random.choice([1, 3]))
    shape = (side, side, channels)
    plane: NDArray[Any]
    match random.integers(3):
        case 0:
            plane = random.integers(0, 256, shape)
        case 1:
            plane = random.normal(random.uniform(20, 235), random.uniform(5, 70), shape)
        case _:
            plane = np.where(random.random(shape) < random.uniform(0.02, 0.5), 255, 0)
    return np.broadcast_to(_bytes(plane), (side, side, 3)).copy()


def blank(random: Random, side: int) -> Pixels:
    """One colour, perhaps with a breath of noise."""
    colour = _colour(random) if random.random() < 0.7 else (int(random.integers(256)),) * 3
    plane = np.full((side, side, 3), colour, dtype=np.float64)
    if random.random() < 0.5:
        plane += random.normal(0, random.uniform(0.5, 4), plane.shape)
    return _bytes(plane)


def blank_sky(random: Random, side: int) -> Pixels:
    """Sky without any galaxy: the survey's noise, its colours and its JPEG blocks."""
    small = max(24, round(side * random.uniform(0.3, 1.0)))
    sky = np.array([[[band.noise]] for band in BANDS], dtype=np.float32)
    planes = random.standard_normal((3, small, small), dtype=np.float32) * sky
    planes += random.normal(0, 0.15, (3, 1, 1)).astype(np.float32) * sky
    picture = Image.fromarray(developed(planes))
    return np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC))


def empty_field(random: Random, side: int) -> Pixels:
    """Sky without a galaxy as any camera may show it: grain of any size, perhaps some stars."""
    grain = gaussian_filter(
        random.standard_normal((side, side, 3)), (*[random.uniform(0, 0.02) * side] * 2, 0)
    )
    plane = random.uniform(0, 35, 3) + random.uniform(1, 9) * grain / grain.std()
    if random.random() < 0.3:
        plane = np.broadcast_to(plane.mean(axis=2, keepdims=True), plane.shape).copy()
    if random.random() < 0.5:
        across = np.arange(side)
        width = random.uniform(0.003, 0.008) * side
        for x, y in random.uniform(0, side, (int(random.integers(1, 20)), 2)):
            spread = [np.exp(-0.5 * ((across - one) / width) ** 2) for one in (y, x)]
            star = np.outer(*spread)[:, :, np.newaxis]
            plane += random.uniform(10, 200) * star * random.uniform(0.5, 1, 3)
    return _bytes(plane)


def error_frame(random: Random, side: int) -> Pixels:
    """What a service answers instead of a cutout: words, a frame or a cross on a flat ground."""
    ground = random.choice([0, 255, int(random.integers(256))])
    picture = Image.new("RGB", (side, side), (int(ground),) * 3)
    draw = ImageDraw.Draw(picture)
    ink = (255 - int(ground),) * 3 if abs(int(ground) - 128) > 40 else _colour(random)
    if random.random() < 0.5:
        draw.rectangle((2, 2, side - 3, side - 3), outline=ink, width=int(random.integers(1, 6)))
    if random.random() < 0.3:
        draw.line((0, 0, side, side), fill=ink, width=2)
        draw.line((0, side, side, 0), fill=ink, width=2)
    for _ in range(int(random.integers(1, 4))):
        _write(draw, random, side, ink, random.uniform(0.05, 0.16))
    return np.asarray(picture)


def text(random: Random, side: int) -> Pixels:
    """A page of words, dark on light or light on dark."""
    paper, ink = _two_tones(random)
    picture = Image.new("RGB", (side, side), paper)
    draw = ImageDraw.Draw(picture)
    size = side * random.uniform(0.04, 0.12)
    font = ImageFont.load_default(size)
    for row in np.arange(random.uniform(0, size), side, size * random.uniform(1.1, 1.7)):
        words = " ".join(random.choice(WORDS, int(random.integers(1, 6))))
        draw.text((random.uniform(0, side * 0.1), float(row)), words, fill=ink, font=font)
    return np.asarray(picture)


def drawing(random: Random, side: int) -> Pixels:
    """Lines and shapes on paper."""
    paper, ink = _two_tones(random)
    picture = Image.new("RGB", (side, side), paper)
    draw = ImageDraw.Draw(picture)
    for _ in range(int(random.integers(3, 25))):
        pen = ink if random.random() < 0.6 else _colour(random)
        fill = _colour(random) if random.random() < 0.3 else None
        width = int(random.integers(1, max(2, side // 40)))
        points = random.uniform(0, side, (int(random.integers(2, 6)), 2))
        box = (*points.min(axis=0).tolist(), *(points.max(axis=0) + 1).tolist())
        match random.integers(4):
            case 0:
                draw.line([tuple(one) for one in points.tolist()], fill=pen, width=width)
            case 1:
                draw.ellipse(box, outline=pen, fill=fill, width=width)
            case 2:
                draw.polygon([tuple(one) for one in points.tolist()], outline=pen, fill=fill)
            case _:
                start, end = random.uniform(0, 360, 2).tolist()
                draw.arc(box, start, end, fill=pen, width=width)
    return np.asarray(picture)


def chart(random: Random, side: int) -> Pixels:
    """A figure of the kind that papers hold: axes, and points, bars or a curve."""
    paper, ink = _two_tones(random)
    picture = Image.new("RGB", (side, side), paper)
    draw = ImageDraw.Draw(picture)
    low, high = 0.12 * side, 0.92 * side
    draw.rectangle((low, side - high, high, side - low), outline=ink)
    pen = _colour(random)
    xs = np.linspace(low, high, int(random.integers(6, 40)))
    ys = np.interp(random.normal(0, 1, len(xs)).cumsum(), (-6, 6), (low, high))
    kind = random.integers(3)
    for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
        if kind == 0:
            draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=pen)
        elif kind == 1:
            draw.rectangle((x - 2, min(y, side - low), x + 2, side - low), fill=pen)
    if kind == 2:
        draw.line(list(zip(xs.tolist(), ys.tolist(), strict=True)), fill=pen, width=2)
    _write(draw, random, side, ink, 0.06)
    return np.asarray(picture)


def gradient(random: Random, side: int) -> Pixels:
    """Colours that run into one another, straight or around a point."""
    along, across = np.mgrid[0:side, 0:side] / side
    angle = random.uniform(0, 2 * math.pi)
    way = along * math.cos(angle) + across * math.sin(angle)
    if random.random() < 0.3:
        centre = random.uniform(-0.3, 1.3, 2)
        way = np.hypot(along - centre[0], across - centre[1])
    way = (way - way.min()) / np.ptp(way)
    stops = np.linspace(0, 1, int(random.integers(2, 5)))
    colours = random.uniform(0, 255, (len(stops), 3))
    return _bytes(np.stack([np.interp(way, stops, one) for one in colours.T], axis=2))


def pattern(random: Random, side: int) -> Pixels:
    """Stripes, squares or rings that repeat."""
    along, across = np.mgrid[0:side, 0:side] - side / 2
    angle, period = random.uniform(0, math.pi), random.uniform(3, side / 3)
    first = (along * math.cos(angle) + across * math.sin(angle)) / period
    second = (across * math.cos(angle) - along * math.sin(angle)) / period
    match random.integers(3):
        case 0:
            waves = np.sin(2 * math.pi * first)
        case 1:
            waves = np.sin(2 * math.pi * first) * np.sin(2 * math.pi * second)
        case _:
            waves = np.sin(2 * math.pi * np.hypot(first, second) + random.uniform(0, 6))
    share = np.clip(0.5 + waves * random.choice([0.5, 20]), 0, 1)[:, :, np.newaxis]
    one, other = random.uniform(0, 255, (2, 3))
    return _bytes(one * share + other * (1 - share))


def clouds(random: Random, side: int) -> Pixels:
    """Noise with power at all scales, as in smoke, stone, cloth and water."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None, :])
    frequency[0, 0] = 1 / side
    amplitude = frequency ** -random.uniform(0.7, 2.0)
    planes = []
    shared = np.fft.fft2(random.standard_normal((side, side)))
    mixed = random.uniform(0, 1)
    for _ in range(3):
        own = np.fft.fft2(random.standard_normal((side, side)))
        plane = np.fft.ifft2(amplitude * (mixed * shared + (1 - mixed) * own)).real
        planes.append((plane - plane.mean()) / plane.std())
    spread = random.uniform(15, 70)
    return _bytes(np.stack(planes, axis=2) * spread + random.uniform(40, 210, 3))


def leaves(random: Random, side: int) -> Pixels:
    """Things in front of things: disks and squares of all sizes with shade and grain.

    The dead-leaves model, whose statistics are those of photographs (Lee, Mumford and Huang 2001,
    International Journal of Computer Vision 41, 35): sizes fall off as the inverse cube.
    """
    picture = Image.new("RGB", (side, side), _colour(random))
    draw = ImageDraw.Draw(picture)
    base = random.uniform(0, 255, 3)
    least, most = 0.03 * side, 0.6 * side
    for _ in range(int(random.integers(60, 300))):
        share = random.random()
        radius = 1 / math.sqrt(1 / least**2 - share * (1 / least**2 - 1 / most**2))
        x, y = random.uniform(-0.1 * side, 1.1 * side, 2)
        colour = tuple(int(one) for one in np.clip(random.normal(base, 55, 3), 0, 255))
        box = (x - radius, y - radius * random.uniform(0.4, 1), x + radius, y + radius)
        if random.random() < 0.6:
            draw.ellipse(box, fill=colour)
        else:
            draw.rectangle(box, fill=colour)
    soft = picture.filter(ImageFilter.GaussianBlur(random.uniform(0, side / 100)))
    shade = gradient(random, side).mean(axis=2, keepdims=True) / 255
    grain = random.normal(0, random.uniform(0, 8), (side, side, 3))
    return _bytes(np.asarray(soft) * (0.5 + 0.8 * shade) + grain)


KINDS: Mapping[str, Callable[[Random, int], Pixels]] = {
    "noise": noise,
    "blank frames": blank,
    "blank sky": blank_sky,
    "empty fields": empty_field,
    "error frames": error_frame,
    "text": text,
    "drawings": drawing,
    "charts": chart,
    "gradients": gradient,
    "patterns": pattern,
    "clouds": clouds,
    "leaves": leaves,
}
"""Kinds by name. All but blank sky and empty fields are no pictures of the sky at all."""


def strangers(kind: str, count: int, side: int, seed: int = 0) -> NDArray[np.uint8]:
    """Draw ``count`` pictures of one of KINDS, uint8 (count, side, side, 3); a seed's are alike."""
    place = list(KINDS).index(kind)
    streams = (np.random.default_rng([seed, place, number]) for number in range(count))
    return np.stack([KINDS[kind](random, side) for random in streams])


def _write(draw: ImageDraw.ImageDraw, random: Random, side: int, ink: Colour, size: float) -> None:
    words = str(random.choice(WORDS))
    at = (random.uniform(0, side * 0.3), random.uniform(0, side * 0.85))
    draw.text(at, words, fill=ink, font=ImageFont.load_default(max(8.0, side * size)))


def _two_tones(random: Random) -> tuple[Colour, Colour]:
    light: Colour = tuple(int(one) for one in random.integers(190, 256, 3))  # type: ignore[assignment]
    dark: Colour = tuple(int(one) for one in random.integers(0, 90, 3))  # type: ignore[assignment]
    return (light, dark) if random.random() < 0.7 else (dark, light)


def _colour(random: Random) -> Colour:
    return tuple(int(one) for one in random.integers(0, 256, 3))  # type: ignore[return-value]


def _bytes(plane: NDArray[np.floating] | NDArray[np.integer]) -> Pixels:
    return np.clip(np.round(plane), 0, 255).astype(np.uint8)
