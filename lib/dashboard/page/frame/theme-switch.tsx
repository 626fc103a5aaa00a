import { useState } from 'preact/hooks';
import { Button, Icon, type IconName } from '../components/index.js';
import { changeTheme, storedTheme, type Theme } from '../theme.js';

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const ICONS: Readonly<Record<Theme, IconName>> = { system: 'system', light: 'sun', dark: 'moon' };

export function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme);
  const change = () => {
    changeTheme(NEXT[theme]);
    setTheme(NEXT[theme]);
  };
  return (
    <Button kind="quiet" label={`Colours: ${theme}. Change to ${NEXT[theme]}`} onClick={change}>
      <Icon name={ICONS[theme]} />
    </Button>
  );
}
