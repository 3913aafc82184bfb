"""Mapbox Vector Tiles, read: just enough to compare what two servers say."""
import math
import struct


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def fields(data):
    """Number and value of every field of a message."""
    at, end = 0, len(data)
    while at < end:
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            size = 8 if kind == 1 else 4
            value, at = struct.unpack_from("<d" if kind == 1 else "<f", data, at)[0], at + size
        yield key >> 3, value


def packed(data):
    at, numbers = 0, []
    while at < len(data):
        value, at = varint(data, at)
        numbers.append(value)
    return numbers


def value_of(data):
    for number, value in fields(data):
        if number == 1:
            return value.decode()
        if number == 6:
            return (value >> 1) ^ -(value & 1)
        return bool(value) if number == 7 else value
    return None


def layers(tile):
    """Name of each layer with its features: properties and the raw geometry."""
    found = {}
    for number, body in fields(tile):
        if number != 3:
            continue
        name, keys, values, raw = "", [], [], []
        for part, value in fields(body):
            if part == 1:
                name = value.decode()
            elif part == 2:
                raw.append(value)
            elif part == 3:
                keys.append(value.decode())
            elif part == 4:
                values.append(value_of(value))
        features = []
        for feature in raw:
            tags, geometry = [], b""
            for part, value in fields(feature):
                if part == 2:
                    tags = packed(value)
                elif part == 4:
                    geometry = value
            features.append(({keys[k]: values[v] for k, v in zip(tags[::2], tags[1::2])}, geometry))
        found.setdefault(name, []).extend(features)
    return found


def point(geometry):
    """Place of a point feature in the units of its tile."""
    _, x, y = packed(geometry)[:3]
    return (x >> 1) ^ -(x & 1), (y >> 1) ^ -(y & 1)


def place(lon, lat, z):
    """Column and row of a place in Web Mercator at a zoom, as fractions."""
    n, r = 1 << z, math.radians(lat)
    return (lon + 180) / 360 * n, (1 - math.asinh(math.tan(r)) / math.pi) / 2 * n


def tiles(box, z):
    """The tiles that meet a box of degrees."""
    (w, n), (e, s) = place(box[0], box[3], z), place(box[2], box[1], z)
    return [(z, x, y) for x in range(int(w), int(e) + 1) for y in range(int(n), int(s) + 1)]
