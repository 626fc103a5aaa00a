import { render } from 'preact';
import { App } from './app.js';
import { startTheme } from './theme.js';
import './styles/app.css';

startTheme();
render(<App />, document.getElementById('app')!);
