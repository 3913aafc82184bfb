//! How much questions look at: counted in tests, so that they can tell work that grows with the square from work that does
//! not, on any machine.

/// Notes that so many edges are looked at.
#[inline]
pub(super) fn note(_count: usize) {
    #[cfg(test)]
    LOOKED.set(LOOKED.get() + _count);
}

#[cfg(test)]
thread_local! {
    static LOOKED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// What something answers, and how much is looked at for it on this thread.
#[cfg(test)]
pub fn of<T>(ask: impl FnOnce() -> T) -> (T, usize) {
    let before = LOOKED.get();
    let answer = ask();
    (answer, LOOKED.get() - before)
}
