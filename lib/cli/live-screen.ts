import type { Screen } from './command.js';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

const LEAVING_KEYS = new Set(['q', 'ctrl-c', 'ctrl-d']);

type Draw = (width: number, height: number) => readonly string[];

/**
 * A picture in place of the terminal's text, drawn over itself line by line and in one write, so that nothing
 * flickers. `close` brings the text, the cursor and the keys back.
 */
export class LiveScreen {
  private draw: Draw = () => [];
  private readonly stops: (() => void)[];

  constructor(
    private readonly screen: Screen,
    leave: () => void,
  ) {
    screen.write(ENTER);
    this.stops = [
      screen.onKey((key) => {
        if (LEAVING_KEYS.has(key)) leave();
      }),
      screen.onResize(() => this.redraw()),
    ];
  }

  show(draw: Draw): void {
    this.draw = draw;
    this.redraw();
  }

  close(): void {
    for (const stop of this.stops) stop();
    this.screen.write(LEAVE);
  }

  private redraw(): void {
    const { columns, rows } = this.screen;
    const lines = this.draw(columns, rows).slice(0, rows);
    const text = lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n');
    this.screen.write(`${HOME}${text}${CLEAR_BELOW}`);
  }
}
