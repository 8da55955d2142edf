import type { Progress } from '@lakewright/deploy';
import { humanDuration } from '../../format.ts';
import { printable, styled, type Terminal } from '../../terminal.ts';

/** Tells of the engine's work on stderr: lines, and on a terminal one line more that says what is being waited for. */
export interface ProgressTeller {
  tell(progress: Progress): void;
  /** Takes the last line away, before something else is written. */
  clear(): void;
}

const CLEAR_LINE = '\r\u001b[2K';

export function progressTeller(terminal: Terminal, now: () => number = Date.now): ProgressTeller {
  /** What CloudFormation is at work on, and since when. */
  const atWork = new Map<string, number>();
  let live = false;
  const clear = () => {
    if (live) terminal.err(CLEAR_LINE);
    live = false;
  };
  const line = (text: string) => {
    clear();
    terminal.err(`${text}\n`);
  };
  return {
    clear,
    tell(progress) {
      if (progress.kind === 'stack') {
        atWork.clear();
        line(`${progress.stack}: ${progress.text}`);
        return;
      }
      const { logicalId, status, reason, type, stackName } = progress.event;
      const name = `${stackName === progress.stack ? '' : `${stackName}/`}${logicalId}`;
      if (status.endsWith('_IN_PROGRESS')) atWork.set(name, atWork.get(name) ?? now());
      else atWork.delete(name);
      const failed = status.endsWith('_FAILED');
      const why = reason === undefined ? '' : `: ${reason}`;
      const text = printable(`  ${progress.stack}  ${status}  ${name} (${type})${why}`);
      // A terminal shows what is done, and in its last line what is not; a log shows all of it.
      if (!terminal.progress || !status.endsWith('_IN_PROGRESS')) {
        line(failed ? styled(terminal, 'red', text) : text);
      }
      if (!terminal.progress || atWork.size === 0) return;
      clear();
      const [[oldest, since]] = atWork;
      const others = atWork.size === 1 ? '' : ` and ${atWork.size - 1} more`;
      terminal.err(`  waiting for ${printable(oldest)}${others}, ${humanDuration(now() - since)}`);
      live = true;
    },
  };
}
