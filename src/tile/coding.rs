//! Content codings: how the bytes of a tile travel.
//!
//! Each is made at one level, chosen by what it saves in a millisecond (tiles of 4 to 20 kB): libdeflate's first level
//! takes a quarter of the time of zlib's fifth and leaves 4 % more; zstd's third saves more than any gzip and takes as long.
//! Tiles of a megabyte, which an edit has made anew, go at zstd's first: whoever waits for one waits for its packing.
//! Brotli saves 2 % more than zstd and takes seven times as long, so that it isn't offered: who takes it takes gzip as well.

use crate::error::{Error, Result};
use libdeflater::{CompressionLvl, Compressor};
use std::cell::RefCell;

/// Shorter bodies travel as they are: one packet carries them either way.
pub const PACK_MIN: usize = 1024;
const GZIP_LEVEL: i32 = 1;
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
    // What they allocate is worth keeping: it takes longer to set up than a small tile to compress.
    static GZIP: RefCell<Option<Compressor>> = const { RefCell::new(None) };
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
            Coding::Gzip => GZIP.with_borrow_mut(|gzip| {
                let gzip = match gzip {
                    Some(gzip) => gzip,
                    None => gzip.insert(Compressor::new(
                        CompressionLvl::new(GZIP_LEVEL).map_err(|e| failed("gzip", &format!("{e:?}")))?,
                    )),
                };
                let mut packed = vec![0; gzip.gzip_compress_bound(bytes.len())];
                let length = gzip.gzip_compress(bytes, &mut packed).map_err(|e| failed("gzip", &e.to_string()))?;
                packed.truncate(length);
                Ok::<_, Error>(packed)
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
        fn what_is_packed_comes_out_as_it_was(bytes in prop::collection::vec(0u8..9, 0..5000), times in 1usize..40) {
            let bytes = bytes.repeat(times);
            for coding in [Coding::Identity, Coding::Gzip, Coding::Zstd] {
                let packed = coding.pack(&bytes).expect("packed");
                prop_assert_eq!(&unpacked(coding, &packed), &bytes);
                prop_assert_eq!(packed.len(), packed.capacity());
                prop_assert_eq!(&packed, &coding.pack(&bytes).expect("packed"), "the same again");
            }
        }
    }
}
