//! Promise: the cache of tiles takes no more memory than it was given, by what the allocator counts.

use gridpin::check::Thresholds;
use gridpin::city::City;
use gridpin::city::world::{Spot, TileId};
use gridpin::domain::*;
use gridpin::tile::cache::Wanted;
use gridpin::tile::{Cache, Coding, Detail};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};

/// The system's allocator, counting what is taken.
struct Counting;

static TAKEN: AtomicIsize = AtomicIsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.fetch_add(layout.size() as isize, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        TAKEN.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn city() -> City {
    let mut addresses = Vec::new();
    for n in 0..20_000u32 {
        let at = LonLat::new(120.0 + f64::from(n % 200) * 1e-4, 28.0 + f64::from(n / 200) * 1e-4);
        let pin = Position {
            kind: PositionKind::Door,
            at,
            method: PositionMethod::Phone,
            accuracy_m: None,
            collected_at: None,
            collector: None,
        };
        let id = format!("A{n:05}");
        let full_text = format!("第{}路{n}号", n % 97);
        let id = id.as_str().into();
        addresses.push(Address { id, full_text, pin: Some(pin), version: 1, ..Address::default() });
    }
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
    let records = Records { addresses: addresses.into(), ..Records::default() };
    City::with_flags(records, Thresholds::default(), today, Vec::new())
}

/// One test, so that nothing else is counted.
#[test]
fn it_holds_what_it_was_given() {
    let (city, actor) = (city(), Actor { name: "s".into(), role: Role::Steward, scope: Scope::All });
    let spot = |n: u32| Spot::of(LonLat::new(120.0 + f64::from(n % 150) * 2e-4, 28.0 + f64::from(n / 150) * 2e-4));
    let render = |cache: &Cache, z: u8, n: u32, coding: Coding| {
        let tile = TileId::at(z, spot(n).expect("on earth"));
        let wanted = Wanted::of(&city, ["address"], tile, Detail::Map, &actor).expect("a tile");
        cache.make(&city, &wanted, coding, &actor).expect("a tile")
    };
    // Once, so that what is made once for all is there.
    let largest = render(&Cache::new(1 << 20), 14, 3000, Coding::Identity).bytes.len();
    assert!(largest > 300_000, "{largest}");
    for (bytes, zooms) in [(1u64 << 20, [13u8, 16, 17]), (1 << 20, [20, 21, 22])] {
        let before = TAKEN.load(Ordering::Relaxed);
        let cache = Cache::new(bytes);
        let empty = TAKEN.load(Ordering::Relaxed) - before;
        let (mut made, mut most) = (0, 0);
        for z in zooms {
            for n in 0..3000 {
                let coding = [Coding::Identity, Coding::Gzip, Coding::Zstd][n as usize % 3];
                made += render(&cache, z, n, coding).bytes.len() as u64;
                most = most.max(TAKEN.load(Ordering::Relaxed) - before);
            }
        }
        assert!(made > 2 * bytes || zooms[0] == 20, "{made} bytes are too few to fill it");
        let counts = cache.counts();
        assert!(counts.bytes <= bytes, "{counts:?}");
        assert!(counts.kept > 0);
        println!("given {bytes}, counted {}, taken {most}, of it {empty} while empty; {counts:?}", counts.bytes);
        // What makes room is freed a moment after: a tile more may be there meanwhile.
        let bound = bytes as isize + largest as isize;
        assert!(most - empty <= bound, "it took {most}, {empty} while empty, of {bytes}");
    }
}
