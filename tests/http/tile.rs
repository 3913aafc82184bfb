//! Promise: a tile travels once, in the coding that is liked best; a copy that holds costs nothing.

use crate::serving::*;
use crate::wire::*;
use axum::http::StatusCode;
use gridpin::http::line::Limits;
use gridpin::tile::Detail;
use std::io::Read;

fn path() -> String {
    format!("/tiles/address/{}", tile_of(14, 120.005, 28.0015))
}

#[tokio::test]
async fn a_tile_travels_in_the_coding_that_is_liked_best() {
    let Some(town) = Town::open_with("codings of tiles", crowd(300), Vec::new()).await else { return };
    let cookie = town.sign_in("chief").await;
    let to = listen(&town, Limits::default()).await;
    let mut wire = Wire::open(to).await;
    let plain = wire.ask("GET", &path(), &cookie, &[]).await;
    assert_eq!((plain.status, plain.header("content-encoding")), (StatusCode::OK, ""));
    assert!(plain.body.len() > 10_000, "{}", plain.body.len());
    let tag = plain.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() == 18, "{tag}: strong for the tile itself");
    for (accepted, coding) in [("gzip, deflate, br", "gzip"), ("gzip, br, zstd", "zstd"), ("br, deflate", "")] {
        for _ in 0..2 {
            let packed = wire.ask("GET", &path(), &cookie, &[("accept-encoding", accepted)]).await;
            assert_eq!((packed.status, packed.header("content-encoding")), (StatusCode::OK, coding));
            assert_eq!(packed.header("vary"), "accept-encoding, cookie, authorization");
            assert_eq!(packed.header("content-length"), packed.body.len().to_string());
            let mut unpacked = Vec::new();
            match coding {
                "gzip" => {
                    flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut unpacked).expect("gzip");
                }
                "zstd" => unpacked = zstd::stream::decode_all(&packed.body[..]).expect("zstd"),
                _ => unpacked.clone_from(&packed.body),
            }
            assert_eq!(unpacked, plain.body);
            let expected = if coding.is_empty() { tag.clone() } else { format!("W/{tag}") };
            assert_eq!(packed.header("etag"), expected, "weak for what is packed");
        }
    }
    assert!(town.app.tiles.counts().encoded <= 2, "the tile itself, once for who asked for it");

    let nothing = wire.ask("GET", "/tiles/address/14/0/0.mvt", &cookie, &[("accept-encoding", "gzip")]).await;
    assert_eq!((nothing.status, nothing.body.len(), nothing.header("content-encoding")), (StatusCode::OK, 0, ""));
}

#[tokio::test]
async fn a_copy_that_holds_costs_nothing() {
    let Some(town) = Town::open_with("copies of tiles", crowd(300), Vec::new()).await else { return };
    let cookie = town.sign_in("chief").await;
    let mut wire = Wire::open(listen(&town, Limits::default()).await).await;
    let gzip = ("accept-encoding", "gzip");
    let first = wire.ask("GET", &path(), &cookie, &[gzip]).await;
    let encoded = town.app.tiles.counts();
    let (weak, strong) = (first.header("etag").to_owned(), first.header("etag").replace("W/", ""));
    let head = wire.ask("HEAD", &path(), &cookie, &[]).await;
    let length: usize = head.header("content-length").parse().expect("the length of the tile, which is not there");
    assert_eq!((head.status, head.header("etag"), head.header("content-encoding")), (StatusCode::OK, &*strong, ""));
    let packed = wire.ask("HEAD", &path(), &cookie, &[gzip]).await;
    assert_eq!(packed.header("content-length"), first.body.len().to_string());
    assert_eq!((packed.header("etag"), packed.header("content-encoding")), (&*weak, "gzip"));
    let unknown = wire.ask("HEAD", &path(), &cookie, &[("accept-encoding", "zstd")]).await;
    assert_eq!(
        (unknown.status, unknown.header("content-length"), unknown.header("etag")),
        (StatusCode::OK, "", &*weak)
    );
    for (known, coding) in
        [(&*weak, gzip), (&*strong, gzip), ("\"x\", W/\"y\"", gzip), ("*", ("accept-encoding", "zstd"))]
    {
        let reply = wire.ask("GET", &path(), &cookie, &[("if-none-match", known), coding]).await;
        if known.contains('x') {
            assert_eq!(reply.status, StatusCode::OK);
            continue;
        }
        assert_eq!(
            (reply.status, reply.header("content-length"), reply.header("content-type")),
            (StatusCode::NOT_MODIFIED, "", ""),
            "{known}"
        );
        assert_eq!((reply.header("etag"), reply.header("vary")), (&*weak, "accept-encoding, cookie, authorization"));
        assert!(!reply.header("cache-control").is_empty());
    }
    assert_eq!(town.app.tiles.counts().encoded, encoded.encoded, "nothing was made for that");
    let whole = wire.ask("GET", &path(), &cookie, &[]).await;
    assert_eq!((whole.body.len(), whole.header("etag")), (length, &*strong));

    // Another process with the same records calls it the same.
    let (_end, stop) = tokio::sync::watch::channel(false);
    let settings = settings(&town.database.owner_url(), &[]);
    let other = gridpin::http::serve::start(settings, stop).await.expect("a second service");
    let chief = crate::database::actor("chief", gridpin::domain::Role::Steward, None);
    let path = path();
    let mut numbers = path.trim_end_matches(".mvt").rsplit('/').map(|number| number.parse::<u32>().expect("a number"));
    let (y, x) = (numbers.next().expect("y"), numbers.next().expect("x"));
    let same = other.tiles.render(&other.live.get(), &["address"], (14, x, y), Detail::Map, &chief).expect("a tile");
    assert_eq!(same.name.etag.quoted(), strong);
}
