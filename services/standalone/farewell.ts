import pc from 'picocolors';
import { clientOf } from './cast.js';
import type { ServerCertificate } from '#secrets';
import type { DemoPorts } from './demo-config.js';
import type { DemoFile } from './demo-file.js';
import type { Home } from './files.js';
import { shopDatabase } from './shop/shop.js';

/**
 * The lines to paste once the demo runs. The token comes from demo.json, so that no command line or scrollback holds it.
 * @param played the id of the session that was played
 */
export function farewell(
  home: Home,
  ports: DemoPorts,
  tls: ServerCertificate,
  demo: Omit<DemoFile, 'story'>,
  played: string | undefined,
): string {
  const token = `node -p 'JSON.parse(fs.readFileSync("${home.demo}")).tokens.agent'`;
  const server = `host=127.0.0.1 port=${ports.proxy} dbname=${shopDatabase} user=${clientOf(home, 'agent').id}`;
  const lines = {
    'as the agent, through the proxy': `PGPASSWORD="$(${token})" psql '${server} sslmode=require sslrootcert=${tls.ca}'`,
    'every session': 'npm run -s sallyport -- sessions',
    'one of them, step by step': `npm run -s sallyport -- replay ${played ?? '<session>'}`,
    'the console (this link logs in once; the login page knows the whole cast)': demo.consoleUrl,
    'the command line as one of the cast': 'npm run -s sallyport -- login',
  };
  const told = Object.entries(lines).map(([what, line]) => `  ${pc.dim(what)}\n    ${line}`);
  return `\n${pc.bold('Sallyport is running.')} Ctrl-C stops it.\n\n${told.join('\n')}\n`;
}
