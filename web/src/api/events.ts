import { link } from './link.svelte';
import type { TouchedEvent } from './types';

type Listener = (touched: TouchedEvent | null) => void;

/** The server's own word of what has changed, so that maps and lists follow without being asked. */
class Events {
  #source: EventSource | null = null;
  #listeners = new Set<Listener>();
  #lost = false;

  start(): void {
    this.stop();
    const source = new EventSource('/events');
    source.addEventListener('change', (event) => {
      try {
        this.#tell(JSON.parse((event as MessageEvent<string>).data) as TouchedEvent);
      } catch {
        this.#tell(null);
      }
    });
    source.addEventListener('resync', () => this.#tell(null));
    source.onopen = () => {
      link.alive();
      // What happened while nobody listened is unknown: look at everything again.
      if (this.#lost) this.#tell(null);
      this.#lost = false;
    };
    source.onerror = () => {
      this.#lost = true;
      void link.retry();
    };
    this.#source = source;
  }

  stop(): void {
    this.#source?.close();
    this.#source = null;
    this.#lost = false;
  }

  /** Calls `listener` with what was touched, or with null when everything may have been. Returns how to stop. */
  on(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(touched: TouchedEvent | null): void {
    for (const listener of this.#listeners) listener(touched);
  }
}

export const events = new Events();
