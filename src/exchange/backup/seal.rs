//! Who can read a backup: nobody without the passphrase or the key, or everybody.

use crate::error::{Error, Result, Text};
use age::secrecy::SecretString;
use age::{Decryptor, Encryptor, x25519};
use std::io::{self, BufRead, Read, Write};
use std::path::Path;

/// How a backup is closed, and with what it is opened again.
pub enum Seal {
    /// Not at all.
    Plain,
    /// By a passphrase (scrypt).
    Passphrase(SecretString),
    /// To public keys (X25519): who writes it can't read it later.
    Recipients(Vec<x25519::Recipient>),
    /// Opens only: the private keys of a file.
    Identities(Vec<Box<dyn age::Identity + Send + Sync>>),
}

/// Passphrases shorter than this guard nothing.
const SHORTEST: usize = 8;

impl Seal {
    /// By a passphrase, which is told apart in errors by where it came from.
    ///
    /// # Errors
    /// `Invalid` when it is too short.
    pub fn passphrase(text: &str, from: &str) -> Result<Seal> {
        let text = text.trim_end_matches(['\r', '\n']);
        if text.chars().count() < SHORTEST {
            return Err(Error::invalid(
                from,
                "passphrase",
                "",
                Text::new(format!("口令短于 {SHORTEST} 个字符"), format!("it has fewer than {SHORTEST} characters")),
                Text::new("换一个长口令", "take a long one"),
            ));
        }
        Ok(Seal::Passphrase(text.to_owned().into()))
    }

    /// To public keys, `age1...` each.
    ///
    /// # Errors
    /// `Invalid` for a text that is none.
    pub fn recipients(keys: &[String]) -> Result<Seal> {
        let parse = |key: &String| {
            key.trim().parse().map_err(|_| {
                Error::invalid(
                    "--recipient",
                    "",
                    key,
                    Text::new("不是 age 公钥", "it is no public key of age"),
                    Text::new("用 age-keygen 生成,以 age1 开头", "make one by age-keygen: it begins with age1"),
                )
            })
        };
        keys.iter().map(parse).collect::<Result<_>>().map(Seal::Recipients)
    }

    /// With the private keys of a file, as age-keygen writes it.
    ///
    /// # Errors
    /// `Invalid` when it can't be read or holds none.
    pub fn identities(file: &Path) -> Result<Seal> {
        let unfit = |why: String| {
            Error::invalid(
                "--identity",
                "",
                file.to_string_lossy(),
                Text::new(format!("无法读取私钥: {why}"), format!("no private key can be read from it: {why}")),
                Text::new("给出 age-keygen 生成的文件", "name the file that age-keygen wrote"),
            )
        };
        let open = std::fs::File::open(file).map_err(|error| unfit(error.to_string()))?;
        let known =
            age::IdentityFile::from_buffer(io::BufReader::new(open)).map_err(|error| unfit(error.to_string()))?;
        let keys = known.into_identities().map_err(|error| unfit(error.to_string()))?;
        if keys.is_empty() {
            return Err(unfit("AGE-SECRET-KEY-1...".into()));
        }
        Ok(Seal::Identities(keys))
    }

    /// Starts a sealed file. What [`Seal::Recipients`] closes is also closed to a key that lives as long as the answer's
    /// second part and is written down nowhere, so that the file can be read back once to see that it is good.
    ///
    /// # Errors
    /// What the file says.
    pub(super) fn close<W: Write>(&self, mut out: W) -> io::Result<(Closing<W>, Option<Seal>)> {
        let (encryptor, proof) = match self {
            Seal::Plain | Seal::Identities(_) => {
                out.flush()?;
                return Ok((Closing::Plain(out), None));
            }
            Seal::Passphrase(text) => (Encryptor::with_user_passphrase(text.clone()), None),
            Seal::Recipients(keys) => {
                let once = x25519::Identity::generate();
                let to_once = once.to_public();
                let all = keys.iter().chain([&to_once]).map(|key| key as &dyn age::Recipient);
                let encryptor = Encryptor::with_recipients(all).map_err(io::Error::other)?;
                (encryptor, Some(Seal::Identities(vec![Box::new(once)])))
            }
        };
        Ok((Closing::Sealed(Box::new(encryptor.wrap_output(out)?)), proof))
    }

    /// Reads a sealed file from its beginning; `place` is what errors call it.
    ///
    /// # Errors
    /// `Invalid` when it is no such file or this doesn't open it.
    pub(super) fn open<'a>(
        &self,
        mut file: impl BufRead + Send + 'a,
        place: &str,
    ) -> Result<Box<dyn Read + Send + 'a>> {
        let start = file.fill_buf().map_err(|error| Error::Unavailable(format!("{place}: {error}")))?;
        let sealed = start.starts_with(b"age-encryption.org/");
        if !sealed && !start.starts_with(&super::MANIFEST_FRAME.to_le_bytes()) {
            return Err(Error::invalid(
                place,
                "",
                "",
                Text::new("不是 gridpin 的备份文件", "it is no backup of gridpin"),
                Text::new("给出 gridpin backup 写出的文件", "name a file that gridpin backup wrote"),
            ));
        }
        let said = |zh: &str, en: &str, remedy: Text| Error::invalid(place, "", "", Text::new(zh, en), remedy);
        let opened = match (self, sealed) {
            (Seal::Plain, false) => return Ok(Box::new(file)),
            // Whoever has a key doesn't expect a file that anybody could have written.
            (_, false) => {
                let remedy = Text::new("确认来源可信后用 --plain", "give --plain if you trust where it comes from");
                return Err(said("文件没有加密", "it is not encrypted", remedy));
            }
            (Seal::Plain, true) => {
                let remedy = Text::new(
                    "用 --identity、--passphrase-file 或 GRIDPIN_BACKUP_PASSPHRASE",
                    "give --identity, --passphrase-file or GRIDPIN_BACKUP_PASSPHRASE",
                );
                return Err(said("文件已加密", "it is encrypted", remedy));
            }
            (Seal::Passphrase(text), true) => {
                let mut identity = age::scrypt::Identity::new(text.clone());
                // A faster machine may have made it.
                identity.set_max_work_factor(22);
                Decryptor::new_buffered(file)
                    .and_then(|age| age.decrypt(std::iter::once(&identity as &dyn age::Identity)))
            }
            (Seal::Identities(keys), true) => Decryptor::new_buffered(file)
                .and_then(|age| age.decrypt(keys.iter().map(|key| key.as_ref() as &dyn age::Identity))),
            (Seal::Recipients(_), true) => return Err(Error::Internal("a public key opens nothing".into())),
        };
        match opened {
            Ok(reader) => Ok(Box::new(reader)),
            Err(age::DecryptError::Io(error)) => Err(super::read::damaged(place, 0, &error)),
            Err(age::DecryptError::InvalidHeader | age::DecryptError::InvalidMac) => {
                let remedy = Text::new("取另一份备份", "take another backup");
                Err(said("文件开头已损坏", "its head is damaged", remedy))
            }
            Err(_) if matches!(self, Seal::Passphrase(_)) => {
                let remedy = Text::new("核对口令", "look up the passphrase of that day");
                Err(said("口令打不开这个文件", "the passphrase doesn't open it", remedy))
            }
            Err(_) => {
                let remedy = Text::new("换对应的私钥", "give the key that it was made for");
                Err(said("私钥打不开这个文件", "the key doesn't open it", remedy))
            }
        }
    }
}

/// A file that is being closed.
pub(super) enum Closing<W: Write> {
    Plain(W),
    Sealed(Box<age::stream::StreamWriter<W>>),
}

impl<W: Write> Closing<W> {
    /// Writes the end, without which the file is none.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Closing::Plain(out) => Ok(out),
            Closing::Sealed(out) => out.finish(),
        }
    }
}

impl<W: Write> Write for Closing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Closing::Plain(out) => out.write(bytes),
            Closing::Sealed(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Closing::Plain(out) => out.flush(),
            Closing::Sealed(out) => out.flush(),
        }
    }
}
