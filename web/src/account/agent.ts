/** What a browser calls itself, as people know it: "Chrome · Android". None where it says nothing that is known. */
export function agentName(agent: string): { name: string; phone: boolean } | null {
  const find = (known: [string, RegExp][]) => known.find(([, pattern]) => pattern.test(agent))?.[0];
  // The order matters: most browsers also say the names of others.
  const browser = find([
    ['微信', /MicroMessenger/],
    ['Edge', /Edg\//],
    ['Opera', /OPR\//],
    ['Samsung Internet', /SamsungBrowser/],
    ['HuaweiBrowser', /HuaweiBrowser/],
    ['Firefox', /Firefox\/|FxiOS/],
    ['Chrome', /Chrome\/|CriOS/],
    ['Safari', /Safari\//],
    ['curl', /^curl\//],
  ]);
  const system = find([
    ['HarmonyOS', /HarmonyOS|OpenHarmony/],
    ['Android', /Android/],
    ['iPhone', /iPhone/],
    ['iPad', /iPad/],
    ['Windows', /Windows/],
    ['macOS', /Mac OS X/],
    ['Linux', /Linux/],
  ]);
  const name = [browser, system].filter(Boolean).join(' · ');
  return name ? { name, phone: /Mobile|Android|iPhone|HarmonyOS/.test(agent) } : null;
}
