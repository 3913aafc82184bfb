//! Content codings: how the bytes of a tile travel.
//!
//! Each is made at one level, chosen by what it saves in a millisecond: ISA-L's first level takes half the time of
//! libdeflate's, which takes a quarter of zlib's fifth, and leaves 5 % more than either (tiles of 0.1 to 1.2 MB); zstd's
//! third saves more than any gzip.
//! Tiles of a megabyte, which an edit has made anew, go at zstd's first: whoever waits for one waits for its packing.
//! Brotli saves 2 % more than zstd and takes seven times as long, so that it isn't offered: who takes it takes gzip as well.

use crate::error::{Error, Result};
use isal_sys::igzip_lib as isal;
use std::cell::RefCell;
use std::mem::MaybeUninit;

/// Shorter bodies travel as they are: one packet carries them either way.
pub const PACK_MIN: usize = 1024;
const GZIP_LEVEL: u32 = 1;
/// What it works in, in words of eight bytes.
const GZIP_ROOM: usize = isal::ISAL_DEF_LVL1_DEFAULT as usize / 8;
const ZSTD_LEVEL: i32 = 3;
const ZSTD_LEVEL_LARGE: i32 = 1;
/// Bodies from this length on are packed at the quicker level.
const LARGE: usize = 1 << 20;

/// A content coding (RFC 9110 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// The tile itself.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 8878, with a window that every client takes (RFC 9659: 8 MB at most).
    Zstd,
}

thread_local! {
    // What they work in is worth keeping: it takes longer to set up than a small tile to compress.
    static GZIP: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
    static ZSTD: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
}

impl Coding {
    /// Its name in HTTP; none for the tile itself.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
            Coding::Zstd => Some("zstd"),
        }
    }

    /// The coding in which a body of so many bytes travels to somebody who would take this one.
    pub fn of(self, length: usize) -> Coding {
        if length < PACK_MIN { Coding::Identity } else { self }
    }

    /// The bytes in this coding.
    ///
    /// # Errors
    /// `Internal` when the library fails.
    pub fn pack(self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut packed = match self {
            Coding::Identity => bytes.to_vec(),
            Coding::Gzip => GZIP.with_borrow_mut(|room| {
                room.resize(GZIP_ROOM, 0);
                gzip(bytes, room)
            })?,
            Coding::Zstd => ZSTD.with_borrow_mut(|zstd| {
                let zstd = match zstd {
                    Some(zstd) => zstd,
                    None => zstd
                        .insert(zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(|e| failed("zstd", &e.to_string()))?),
                };
                let level = if bytes.len() < LARGE { ZSTD_LEVEL } else { ZSTD_LEVEL_LARGE };
                zstd.set_compression_level(level).map_err(|e| failed("zstd", &e.to_string()))?;
                zstd.compress(bytes).map_err(|e| failed("zstd", &e.to_string()))
            })?,
        };
        // What is kept is counted by its length.
        packed.shrink_to_fit();
        Ok(packed)
    }
}

/// The bytes as RFC 1952 has them, packed by ISA-L; `room` is what it works in, of [`GZIP_ROOM`] words.
fn gzip(bytes: &[u8], room: &mut [u64]) -> Result<Vec<u8>> {
    // Bytes that nothing can shorten travel in blocks of 64 KB, each with a head of five.
    let mut packed: Vec<u8> = Vec::with_capacity(bytes.len() + bytes.len() / 1_000 + 256);
    let length = |n: usize| u32::try_from(n).map_err(|_| failed("gzip", &format!("{n} bytes are too many")));
    let (read, write, room_length) = (length(bytes.len())?, length(packed.capacity())?, length(size_of_val(room))?);
    let mut stream: MaybeUninit<isal::isal_zstream> = MaybeUninit::uninit();
    let stream = stream.as_mut_ptr();
    // SAFETY: `isal_deflate_stateless_init` makes a stream of what `stream` points to, which lives until the end of this
    // function, and every field that the library reads beyond that is set here. It reads `avail_in` bytes of `bytes`,
    // works in `level_buf_size` bytes of `room`, which nobody else has, and writes `avail_out` bytes at most into what
    // `packed` has allocated; `total_out` says how many it has written.
    unsafe {
        isal::isal_deflate_stateless_init(stream);
        (*stream).end_of_stream = 1;
        (*stream).flush = isal::NO_FLUSH as u16;
        (*stream).gzip_flag = isal::IGZIP_GZIP as u16;
        (*stream).level = GZIP_LEVEL;
        (*stream).level_buf = room.as_mut_ptr().cast();
        (*stream).level_buf_size = room_length;
        (*stream).next_in = bytes.as_ptr().cast_mut();
        (*stream).avail_in = read;
        (*stream).next_out = packed.as_mut_ptr();
        (*stream).avail_out = write;
        match isal::isal_deflate_stateless(stream) {
            code if code == isal::COMP_OK as i32 => packed.set_len((*stream).total_out as usize),
            code => return Err(failed("gzip", &format!("ISA-L answers {code}"))),
        }
    }
    Ok(packed)
}

fn failed(what: &str, why: &str) -> Error {
    Error::Internal(format!("{what}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Read;

    fn unpacked(coding: Coding, packed: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        match coding {
            Coding::Identity => plain.extend_from_slice(packed),
            // Other libraries than those that packed.
            Coding::Gzip => {
                flate2::read::GzDecoder::new(packed).read_to_end(&mut plain).expect("gzip");
            }
            Coding::Zstd => {
                zstd::stream::read::Decoder::new(packed).expect("zstd").read_to_end(&mut plain).expect("zstd");
            }
        }
        plain
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_as_it_was(
            bytes in prop_oneof![prop::collection::vec(0u8..9, 0..5000), prop::collection::vec(any::<u8>(), 0..9000)],
            times in 1usize..40,
        ) {
            let bytes = bytes.repeat(times);
            for coding in [Coding::Identity, Coding::Gzip, Coding::Zstd] {
                let packed = coding.pack(&bytes).expect("packed");
                prop_assert_eq!(&unpacked(coding, &packed), &bytes);
                prop_assert_eq!(packed.len(), packed.capacity());
                prop_assert_eq!(&packed, &coding.pack(&bytes).expect("packed"), "the same again");
            }
        }
    }

    #[test]
    fn what_nothing_can_shorten_is_packed_too() {
        let noise: Vec<u8> =
            (0u64..70_000).flat_map(|n| crate::check::evidence::series::mix(n).to_le_bytes()).collect();
        for length in [0, 1, 100, 65_535, 65_536, 65_537, noise.len()] {
            let packed = Coding::Gzip.pack(&noise[..length]).expect("packed");
            assert_eq!(unpacked(Coding::Gzip, &packed), &noise[..length]);
        }
    }
}
