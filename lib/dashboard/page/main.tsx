import { render } from 'preact';
import { App } from './app.js';
import { ErrorBoundary } from './error-boundary.js';
import { startTheme } from './theme.js';
import './styles/app.css';

startTheme();
render(
  <ErrorBoundary of="page">
    <App />
  </ErrorBoundary>,
  document.getElementById('app')!,
);
