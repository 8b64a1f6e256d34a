"""A second reader of docs/shard-format.md: tests count with it what the
program claims to have written. Knows the bytes, not the program."""

import ctypes
import ctypes.util
import functools
import hashlib
import struct

MAGIC = b"\x89LBK\r\n\x1a\n"
END = b"LBKEND\r\n"
JOURNAL_MAGIC = b"LBKJRNL1"
BLOCK_HEADER = struct.Struct("<16sQIIIIII")
TRAILER_FRONT = struct.Struct("<16sQQ32s")
TAIL_BYTES = 24
ZSTD = 1


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def expect(condition, path, message):
    if not condition:
        raise ValueError(f"{path}: {message}")


@functools.cache
def _zstd():
    library = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    library.ZSTD_decompress.argtypes = [
        ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    return library


def decompress(stored, raw_bytes, path):
    raw = ctypes.create_string_buffer(max(raw_bytes, 1))
    size = _zstd().ZSTD_decompress(raw, raw_bytes, stored, len(stored))
    expect(size == raw_bytes, path, "a block does not decompress")
    return raw.raw[:raw_bytes]


def _block(data, offset, first_record, path):
    """Records of the block at `offset`, and where it ends."""
    _, first, count, codec, stored, raw, _, crc = BLOCK_HEADER.unpack_from(
        data, offset)
    expect(crc == crc32c(data[offset:offset + 44]), path,
           f"damaged block header at byte {offset}")
    expect(first == first_record, path, f"block at byte {offset} begins with "
           f"record {first}, expected {first_record}")
    begin = offset + BLOCK_HEADER.size
    payload = data[begin:begin + stored]
    if codec == ZSTD:
        payload = decompress(payload, raw, path)
    expect(len(payload) == raw, path, f"short block at byte {offset}")
    at = 4 * count
    found = []
    for length in struct.unpack_from(f"<{count}I", payload):
        found.append(payload[at:at + length])
        at += length
    expect(at == raw, path, f"bytes left over in the block at byte {offset}")
    return found, begin + stored


def records(path):
    """All records of a shard; ValueError where its bytes contradict."""
    try:
        return _records(path.read_bytes(), path)
    except (struct.error, IndexError, OverflowError) as error:
        raise ValueError(f"{path}: {error}") from error


def _records(data, path):
    expect(data[:8] == MAGIC, path, "is no shard")
    version, size = struct.unpack_from("<II", data, 8)
    expect(version == 1, path, f"has format version {version}")
    expect(data[-8:] == END, path, "was cut")
    trailer, = struct.unpack_from("<Q", data, len(data) - TAIL_BYTES)
    _, blocks, total, digest = TRAILER_FRONT.unpack_from(data, trailer)
    index = trailer + TRAILER_FRONT.size
    found, end = [], 16 + size + 4
    for number in range(blocks):
        offset, first = struct.unpack_from("<QQ", data, index + 16 * number)
        expect(offset == end and first == len(found), path,
               f"entry {number} of the index points elsewhere")
        block, end = _block(data, offset, first, path)
        found += block
    expect(end == trailer, path, "bytes between the blocks and the trailer")
    expect(len(found) == total, path,
           f"holds {len(found)} records, its trailer says {total}")
    content = hashlib.sha256()
    for record in found:
        content.update(struct.pack("<Q", len(record)) + record)
    expect(content.digest() == digest, path, "the content digest differs")
    return found


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(message):
    """(number, value) of each field of a Protobuf message, in order."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(message, at)
        else:
            if kind == 2:
                size, at = _varint(message, at)
            else:
                size = {1: 8, 5: 4}[kind]
            value, at = message[at:at + size], at + size
        yield tag >> 3, value


def journal_records(path):
    """Whole records in a journal; a torn one at its end does not count."""
    data = path.read_bytes()
    if len(data) < 12 or not data.startswith(JOURNAL_MAGIC):
        return 0
    at = 12 + struct.unpack_from("<I", data, 8)[0] + 4
    count = 0
    while at + 8 <= len(data):
        at += 8 + struct.unpack_from("<I", data, at)[0]
        count += at <= len(data)
    return count
