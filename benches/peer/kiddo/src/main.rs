//! kiddo's k-d tree as a process that measures when it is told to, one thread; the same commands as ../beside.rs:
//! `kiddo-peer PLANE [shuffled]`, where PLANE.pins and PLANE.sites hold metres of a plane (f64 x, y).

use kiddo::{ImmutableKdTree, SquaredEuclidean};
use std::io::{BufRead, Write};
use std::time::Instant;

fn read(file: &str) -> Vec<[f64; 2]> {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    bytes.chunks_exact(16).map(|pair| [number(&pair[..8]), number(&pair[8..])]).collect()
}

/// Seconds of processor of this thread.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

fn say(fields: String) {
    println!("{{{fields}}}");
    let _ = std::io::stdout().flush();
}

fn main() {
    let plane = std::env::args().nth(1).expect("a plane");
    let (mut pins, sites) = (read(&format!("{plane}.pins")), read(&format!("{plane}.sites")));
    let began = Instant::now();
    let tree: ImmutableKdTree<f64, 2> = ImmutableKdTree::new_from_slice(&sites).expect("a tree");
    let build_s = began.elapsed().as_secs_f64();
    if std::env::args().nth(2).is_some() {
        let mut state = 7u64;
        for k in (1..pins.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            pins.swap(k, (state >> 33) as usize % (k + 1));
        }
    }
    let nearest = |at: &[f64; 2]| tree.query(at).nearest_one::<SquaredEuclidean<f64>>().execute().item as u32;
    say(format!("\"build_s\": {build_s:.3}, \"pins\": {}", pins.len()));
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        match line.split_once(' ') {
            None => {
                // As in ../beside.rs.
                let (cpu, wall, mut passes, mut told) = (cpu_s(), Instant::now(), 0.0, 0u64);
                while passes == 0.0 || cpu_s() - cpu < 0.5 {
                    told = pins.iter().map(|at| u64::from(nearest(at))).sum();
                    passes += 1.0;
                }
                let (cpu_s, wall_s) = ((cpu_s() - cpu) / passes, wall.elapsed().as_secs_f64() / passes);
                say(format!("\"cpu_s\": {cpu_s:.9}, \"wall_s\": {wall_s:.9}, \"told\": {told}"));
            }
            Some((_, file)) => {
                let bytes: Vec<u8> = pins.iter().flat_map(|at| [nearest(at), 0]).flat_map(u32::to_le_bytes).collect();
                std::fs::write(file, bytes).unwrap_or_else(|error| panic!("{file}: {error}"));
                say(format!("\"pins\": {}", pins.len()));
            }
        }
    }
}
