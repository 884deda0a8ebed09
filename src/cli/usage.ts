// What the command line says when it is called in a way it does not understand: one sentence, with everything that is missing
// at once, through the same OperatorError as any other refusal.

import type { Command, CommanderError } from 'commander';
import { OperatorError } from '../foundation/operator-error.ts';

/** `handoff user create`, from the names of a command and those above it. */
function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

function missingOptions(command: Command): string[] {
  return command.options
    .filter((option) => option.mandatory && command.getOptionValue(option.attributeName()) === undefined)
    .map((option) => option.long ?? option.flags);
}

function inWords(command: Command, error: CommanderError): string {
  const see = `see ${fullName(command)} --help`;
  switch (error.code) {
    case 'commander.missingMandatoryOptionValue':
      return `missing ${missingOptions(command).join(', ')}; ${see}`;
    case 'commander.invalidArgument':
      return error.message.replace(/^error: /, '');
    default:
      return `${error.message.replace(/^error: /, '')}; ${see}`;
  }
}

/** Makes a command throw where commander would print an error of its own and leave. */
export function withPlainErrors(command: Command): Command {
  return command.configureOutput({ outputError: () => undefined }).exitOverride((error) => {
    // Help that was asked for, or is all there is to say about a noun without a verb, has been printed.
    if (error.exitCode === 0 || error.code === 'commander.help') return;
    throw new OperatorError(inWords(command, error));
  });
}
