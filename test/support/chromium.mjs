// Where the browser of the tests comes from: TEST_CHROMIUM, else the PATH, else the private cache, else Debian packages
// unpacked into that cache. Only specs that drive a browser ask for it.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  isExecutable,
  libraryDirs,
  unpackDebianPackages,
  unpackedDir,
  which,
} from './debian-packages.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The same browser without windows: half as large as `chromium`, and without the libraries of a desktop. */
const PACKAGE = 'chromium-headless-shell';

/**
 * The C library of this machine must be the one that all programs share. The rest draws on a graphics card, by way of
 * libraries that are loaded late: tests have none.
 */
const NOT_NEEDED = /^(libc6|libgl1-mesa-dri|mesa-libgallium|libllvm\d+|libz3-4|libicu\d+)$/;

export async function chromium() {
  const found = named() ?? onPath() ?? unpacked() ?? (await unpackOnce());
  if (found) return found;
  throw new Error(
    'The browser tests need Chromium and found none. Install it (apt-get install chromium, ' +
      'brew install --cask chromium), or name the program of Chromium or Chrome in TEST_CHROMIUM.',
  );
}

function named() {
  const file = process.env.TEST_CHROMIUM;
  if (!file) return undefined;
  if (!isExecutable(file)) {
    throw new Error(`TEST_CHROMIUM names ${file}, which cannot be executed.`);
  }
  return { file, env: {} };
}

function onPath() {
  const file = NAMES.map(which).find((path) => path !== undefined);
  return file && { file, env: {} };
}

function unpacked() {
  const root = unpackedDir(PACKAGE);
  const file = join(root, 'usr/lib/chromium', PACKAGE);
  if (!isExecutable(file)) return undefined;
  // Those of libpulse stand in a folder of their own.
  const libraries = libraryDirs(root).flatMap((dir) => [dir, join(dir, 'pulseaudio')]);
  return {
    file,
    env: { LD_LIBRARY_PATH: libraries.join(':'), FONTCONFIG_FILE: join(root, 'fonts.conf') },
  };
}

/** Test runs and their workers come here at once: one of them downloads, the others wait for it. */
async function unpackOnce() {
  const lock = `${unpackedDir(PACKAGE)}.lock`;
  mkdirSync(dirname(lock), { recursive: true });
  while (!takeLock(lock)) await pause(200);
  try {
    if (!unpacked()) unpackDebianPackages(PACKAGE, packages, writeFontSettings);
    return unpacked();
  } finally {
    rmSync(lock, { force: true });
  }
}

function takeLock(lock) {
  try {
    writeFileSync(lock, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isHeld(lock)) rmSync(lock, { force: true });
    return false;
  }
}

/** Not by one that was killed while it had it. */
function isHeld(lock) {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    // It is empty for the moment between its creation and the writing of its text.
    if (pid > 0) process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** All that it needs, as if nothing were installed: what is here now may be gone with the next image. */
function packages(apt) {
  const bare = ['-o', 'Dir::State::status=/dev/null', '--no-install-recommends'];
  const plan = apt('apt-get', '--simulate', ...bare, 'install', PACKAGE);
  return [...plan.matchAll(/^Inst (\S+)/gm)]
    .map(([, name]) => name)
    .filter((name) => !NOT_NEEDED.test(name));
}

/** Fonts are looked for in /usr/share, where a bare machine has none. */
function writeFontSettings(root) {
  const fonts = join(unpackedDir(PACKAGE), 'usr/share/fonts');
  const families = [
    ['sans-serif', 'DejaVu Sans'],
    ['monospace', 'DejaVu Sans Mono'],
  ].map(
    ([family, font]) =>
      `<alias><family>${family}</family><prefer><family>${font}</family></prefer></alias>`,
  );
  const lines = ['<fontconfig>', `<dir>${fonts}</dir>`, ...families, '</fontconfig>', ''];
  writeFileSync(join(root, 'fonts.conf'), lines.join('\n'));
}
