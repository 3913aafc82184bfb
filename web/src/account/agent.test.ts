import { expect, it } from 'vitest';
import { agentName } from './agent';

it.each([
  [
    'Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36',
    { name: 'Chrome · Android', phone: true },
  ],
  [
    'Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/111 Mobile Safari/537.36 MicroMessenger/8.0.50',
    { name: '微信 · Android', phone: true },
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1',
    { name: 'Safari · iPhone', phone: true },
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0',
    { name: 'Edge · Windows', phone: false },
  ],
  ['curl/8.5.0', { name: 'curl', phone: false }],
])('knows %s', (agent, name) => expect(agentName(agent)).toEqual(name));

it('says nothing of what it does not know', () => {
  expect(agentName('')).toBeNull();
  expect(agentName('<script>')).toBeNull();
});
