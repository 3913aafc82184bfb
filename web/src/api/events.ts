import { link } from './link.svelte';
import type { TouchedEvent } from './types';

type Listener = (touched: TouchedEvent | null) => void;

/** The server's own word of what has changed, so that maps and lists follow without being asked. */
class Events {
  #source: EventSource | null = null;
  #listeners = new Set<Listener>();
  #lost = false;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** Called before it is begun anew: perhaps nobody is signed in any more. */
  onClosed = (): void => {};

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
      // A browser gives up for good when it is answered with an error: then it is begun anew.
      if (source.readyState !== EventSource.CLOSED || this.#source !== source) return;
      this.#again = setTimeout(() => {
        this.onClosed();
        if (this.#source !== source) return;
        this.start();
        this.#lost = true;
      }, 5000);
    };
    this.#source = source;
  }

  stop(): void {
    clearTimeout(this.#again);
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
