/** What a colour says; never said by the colour alone. */
export type Tone = 'neutral' | 'accent' | 'good' | 'bad' | 'warning';
