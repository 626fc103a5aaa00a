/** `system`: as the device has it. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'agenda-dashboard-theme';
const darkDevice = matchMedia('(prefers-color-scheme: dark)');

/** Shows the theme that was chosen here before; follows the device while none is. */
export function startTheme(): void {
  applyTheme(storedTheme());
  darkDevice.addEventListener('change', () => applyTheme(storedTheme()));
  // Paper is white.
  addEventListener('beforeprint', () => applyTheme('light'));
  addEventListener('afterprint', () => applyTheme(storedTheme()));
}

export function changeTheme(theme: Theme): void {
  applyTheme(theme);
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Where a browser keeps nothing, the choice lasts as long as the page.
  }
}

export function storedTheme(): Theme {
  const stored = read();
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

function applyTheme(theme: Theme): void {
  const ofDevice = darkDevice.matches ? 'dark' : 'light';
  document.documentElement.dataset['theme'] = theme === 'system' ? ofDevice : theme;
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
