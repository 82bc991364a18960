import { Command } from 'commander';
import type { LogReader } from '#event-log';
import { initCommand } from './init/command.js';
import { logCommand } from './log/command.js';
import { dataDir } from './place.js';
import { policyCommand } from './policy/command.js';
import { replayCommand } from './replay/command.js';
import { type OpenSessions, sessionsCommand, showCommand } from './session/commands.js';
import { LogSessions } from './session/log-sessions.js';
import type { Io } from './terminal/io.js';
import { tokenCommand } from './token/command.js';
import { upCommand } from './up/command.js';

/** The command line. @param open opens the log of a data directory */
export function program(io: Io, open: (dataDir: string) => Promise<LogReader>): Command {
  const sallyport = new Command('sallyport')
    .description('Audit and replay of what agents, pipelines and people do in PostgreSQL.')
    .showHelpAfterError('(add --help for what it takes)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 not found. Colours are left out where NO_COLOR is set.',
    );
  const sessions: OpenSessions = async (data) => new LogSessions(await open(await dataDir(io, data)));
  const commands = [
    initCommand(io),
    upCommand(io),
    tokenCommand(io),
    policyCommand(io),
    sessionsCommand(io, sessions),
    showCommand(io, sessions),
    replayCommand(io, sessions),
    logCommand(io, open),
  ];
  for (const command of commands) sallyport.addCommand(command);
  for (const command of withDescendants(sallyport)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  }
  return sallyport;
}

const withDescendants = (command: Command): Command[] => [command, ...command.commands.flatMap(withDescendants)];
