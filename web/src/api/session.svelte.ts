import { events } from './events';
import { api, onSignedOut } from './client';
import { link } from './link.svelte';
import type { Config, Me, Role } from './types';
import type { StyleSpecification } from 'maplibre-gl';
import type { Site } from '../map/ground';
import type { Page } from '../view/url';

/** Which pages a role has besides its account; the first is where it lands. */
export const PAGES_OF: Record<Role, Page[]> = {
  collector: ['pins', 'rentals'],
  reviewer: ['pins', 'review', 'coverage'],
  department: ['hazards', 'rentals'],
  police: ['rentals', 'hazards', 'coverage'],
  leader: ['coverage'],
  steward: ['data', 'pins', 'review', 'rentals', 'hazards', 'coverage', 'audit'],
};

/** A vector basemap that cannot be read is none: the map does without. */
const readBasemap = (url: string): Promise<StyleSpecification | null> =>
  fetch(url)
    .then((answer) => (answer.ok ? (answer.json() as Promise<StyleSpecification>) : null))
    .catch(() => null);

class Session {
  me: Me | null = $state(null);
  config: Config | null = $state(null);
  /** How the server draws what this role may see. */
  style: StyleSpecification | null = null;
  /** The site's own vector basemap, where it has one. */
  basemap: StyleSpecification | null = null;
  /** Whether the first look at the server is over. */
  ready = $state(false);
  /** The session ran out: the page stays as it is, and its person signs in again above it. */
  expired = $state(false);

  constructor() {
    onSignedOut.call = () => {
      if (this.me) this.expired = true;
      events.stop();
    };
    events.onClosed = () => void api.me().catch(() => undefined);
  }

  /** What maps are made of. */
  get site(): Site {
    return { style: this.style!, config: this.config, basemap: this.basemap };
  }

  /** Asks the server who is signed in. Throws when it does not answer. */
  async start(): Promise<void> {
    this.config = await api.config();
    if (this.config.basemap?.kind === 'vector') this.basemap = await readBasemap(this.config.basemap.url);
    await this.#look();
    this.ready = true;
    // Whether the server itself has lost its database or is behind it: reading goes on, and the strip says so. While it
    // does, it is looked at more often.
    let looked = 0;
    setInterval(() => {
      const { stale, behind, check } = this.config ?? {};
      const soon = link.stale || stale || behind || (check && check.state !== 'checked');
      if (!this.me || document.visibilityState !== 'visible' || (++looked % 10 && !soon)) return;
      void this.lookAgain();
    }, 3000);
  }

  /** Reads the service's own state again. */
  async lookAgain(): Promise<void> {
    const before = this.config?.check.state;
    this.config = await api.config().catch(() => this.config);
    // What only a checked city knows is read again, also where the check found nothing new.
    if (before && before !== 'checked' && this.config?.check.state === 'checked') link.renew();
  }

  async #look(): Promise<void> {
    try {
      const me = await api.me();
      this.style = await api.style(me.role);
      this.me = me;
      events.start();
    } catch (problem) {
      if (!(problem instanceof Error && 'kind' in problem && problem.kind === 'signed_out')) throw problem;
    }
  }

  async signIn(name: string, password: string, code: string | null): Promise<void> {
    await api.signIn(name, password, code);
    await this.#look();
    const again = this.expired;
    this.expired = false;
    if (again) link.renew();
  }

  /** Leaves a page whose session has ended. */
  leave(): void {
    this.me = null;
    this.expired = false;
  }

  async signOut(): Promise<void> {
    await api.signOut();
    events.stop();
    this.me = null;
    this.expired = false;
  }
}

export const session = new Session();
