/** Whether to take what nobody has looked for as not there. */
export interface Guess {
  readonly isAllowed: boolean;
  /** A group was written that could guess, or has found that it must not. */
  was(right: boolean): void;
}

/** After each wrong guess there is none for some groups, and for more of them each time. */
export function createGuess(): Guess {
  let wrong = 0;
  let pause = 0;
  return {
    get isAllowed() {
      return pause === 0;
    },
    was(right: boolean) {
      if (!right) pause = 2 ** (wrong = Math.min(wrong + 1, 6));
      else if (pause > 0) pause -= 1;
      else wrong = 0;
    },
  };
}
