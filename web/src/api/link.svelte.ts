/** The truth about the connection, for the strip at the top of the page. */

export type LinkState = 'ok' | 'offline' | 'down';

class Link {
  /** `offline`: this device has no network. `down`: it has, but the server does not answer. */
  state: LinkState = $state(navigator.onLine ? 'ok' : 'offline');
  /** When the server last answered: what is on the screen is of then. */
  freshAt: Date = $state(new Date());
  /** Requests that have been waiting for their answer longer than people wait without a word. */
  slow = $state(0);
  /** The server's last answer said that what it shows is not of now. */
  stale = false;
  #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    addEventListener('offline', () => this.lost());
    addEventListener('online', () => void this.retry());
  }

  /** The server answered. */
  alive(): void {
    this.freshAt = new Date();
    if (this.state === 'ok') return;
    this.state = 'ok';
    clearTimeout(this.#timer);
    this.renew();
  }

  /** A request found nobody. Looks again by itself until somebody answers. */
  lost(): void {
    this.state = navigator.onLine ? 'down' : 'offline';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.retry(), 4000);
  }

  /** A request waits; call what is returned when it has ended. */
  waits(patientMs: number): () => void {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.slow++;
    }, patientMs);
    return () => {
      clearTimeout(timer);
      if (late) this.slow--;
    };
  }

  /** Somebody signed in again: everything that failed meanwhile is looked at anew. */
  renew(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Looks whether the server is back. */
  async retry(): Promise<void> {
    try {
      const answer = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(5000) });
      if (answer.ok) this.alive();
      else this.lost();
    } catch {
      this.lost();
    }
  }

  /** Calls `listener` whenever the connection has come back. Returns how to stop. */
  onBack(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

export const link = new Link();
