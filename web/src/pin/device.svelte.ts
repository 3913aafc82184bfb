import type { LonLat } from '../geo/measure';

export interface Fix extends LonLat {
  accuracy_m: number;
  at: string;
}

/** Where this device is, if its owner lets the map know. Nothing is kept or sent but with a correction. */
class Device {
  fix: Fix | null = $state(null);
  denied = $state(false);
  #watch: number | null = null;

  /** Starts by itself only where leave was given before; otherwise a person asks for it. */
  async begin(): Promise<void> {
    try {
      const leave = await navigator.permissions.query({ name: 'geolocation' });
      if (leave.state === 'granted') this.#start();
    } catch {
      // A browser that cannot tell waits for the button.
    }
  }

  /** The next fix, asked for by a person; null when it is refused or none comes. */
  async ask(): Promise<Fix | null> {
    if (!('geolocation' in navigator)) return null;
    if (this.fix) return this.fix;
    return new Promise((resolve) => {
      navigator.geolocation.getCurrentPosition(
        (position) => {
          this.#take(position);
          this.#start();
          resolve(this.fix);
        },
        (error) => {
          this.denied = error.code === error.PERMISSION_DENIED;
          resolve(null);
        },
        { enableHighAccuracy: true, timeout: 8000, maximumAge: 10_000 },
      );
    });
  }

  stop(): void {
    if (this.#watch != null) navigator.geolocation.clearWatch(this.#watch);
    this.#watch = null;
  }

  #start(): void {
    this.#watch ??= navigator.geolocation.watchPosition(
      (position) => this.#take(position),
      () => {},
      { enableHighAccuracy: true, maximumAge: 5000 },
    );
  }

  #take({ coords, timestamp }: GeolocationPosition): void {
    this.fix = {
      lon: coords.longitude,
      lat: coords.latitude,
      accuracy_m: coords.accuracy,
      at: new Date(timestamp).toISOString(),
    };
  }
}

export const device = new Device();
