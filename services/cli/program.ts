import { Command } from 'commander';
import type { LogReader } from '#event-log';
import { version } from '#runtime';
import { accessCommand } from './access/command.js';
import { whoamiCommand } from './access/whoami.js';
import { approvalsCommand } from './approval/commands.js';
import { initCommand } from './init/command.js';
import { logCommand } from './log/command.js';
import { mcpCommand } from './mcp/command.js';
import { policyCommand } from './policy/command.js';
import { replayCommand } from './replay/command.js';
import { reportCommand } from './report/command.js';
import { searchCommand } from './search/command.js';
import { secretsCommand } from './secrets/command.js';
import { sessionsCommand, showCommand } from './session/commands.js';
import { tailCommand } from './tail/command.js';
import type { Io } from './terminal/io.js';
import { tokenCommand } from './token/command.js';
import { upCommand } from './up/command.js';

/** The command line. @param open opens the log of a data directory */
export function program(io: Io, open: (dataDir: string) => Promise<LogReader>): Command {
  const sallyport = new Command('sallyport')
    .description('Audit and replay of what agents, pipelines and people do in PostgreSQL.')
    .version(version, '-V, --version', 'print the version')
    .showHelpAfterError('(add --help for what it takes)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 not found. Colours are left out where NO_COLOR is set.',
    );
  const commands = [
    initCommand(io),
    upCommand(io),
    tokenCommand(io),
    policyCommand(io),
    secretsCommand(io),
    sessionsCommand(io),
    showCommand(io),
    replayCommand(io),
    tailCommand(io),
    searchCommand(io),
    approvalsCommand(io),
    whoamiCommand(io),
    accessCommand(io),
    reportCommand(io),
    mcpCommand(io),
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
