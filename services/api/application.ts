import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StandardSchemaValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import { discoveryPath, jwksPath } from '#identity';
import { nestLogger } from '#runtime';
import { sessionCookie } from './access/console-sessions.js';
import { ApiModule } from './api.module.js';
import type { Ground } from './ground.js';
import { problemOf, RequestFailed } from './problem/problem.js';

const prefix = 'api/v1';
/** The console, as its build leaves it. */
const builtConsole = fileURLToPath(new URL('../console', import.meta.url));

/** Nothing from elsewhere runs in the console, and nobody frames it. Its component library writes styles into the page. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The api as a Nest application; it does not listen yet. */
export async function createApplication(ground: Ground, consoleDir = builtConsole): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(ApiModule.on(ground), {
    logger: nestLogger(ground.log),
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  if (ground.proxies.length > 0) app.set('trust proxy', [...ground.proxies]);
  app.use(safeHeaders);
  app.setGlobalPrefix(prefix, { exclude: [discoveryPath, jwksPath] });
  app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: badRequest }));
  const document = documentOf(app, ground.version);
  app.use(`/${prefix}/openapi.json`, (_: Request, response: Response) => response.json(document));
  serveConsole(app, consoleDir);
  return app;
}

/** The api's description, made from the schemas that its requests are checked by. */
export const documentOf = (app: NestExpressApplication, version: string): OpenAPIObject =>
  SwaggerModule.createDocument(
    app,
    new DocumentBuilder()
      .setTitle('Sallyport')
      .setDescription('Sessions, statements, replay, approvals and reports.')
      .setVersion(version)
      .addBearerAuth()
      .addCookieAuth(sessionCookie, { type: 'apiKey', in: 'cookie' }, 'console')
      .build(),
  );

function safeHeaders(request: Request, response: Response, next: NextFunction): void {
  response.set({
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
  if (request.path.startsWith('/api/')) response.set('cache-control', 'no-store');
  next();
}

/** The console's own paths are made in the browser: whatever is no file, and neither of the api nor one of its assets, is its page. */
function serveConsole(app: NestExpressApplication, dir: string): void {
  const page = join(dir, 'index.html');
  const isBuilt = existsSync(page);
  if (isBuilt) app.useStaticAssets(dir, { index: false });
  app.use((request: Request, response: Response, next: NextFunction) => {
    const { path, method } = request;
    if (path.startsWith(`/${prefix}/`) || [discoveryPath, jwksPath].includes(path)) next();
    else if (isBuilt && !/^\/(api|assets)\b/.test(path) && ['GET', 'HEAD'].includes(method))
      response.set('cache-control', 'no-cache').sendFile(page);
    else
      response
        .status(404)
        .type('application/problem+json')
        .send(JSON.stringify(problemOf('not-found')));
  });
}

type Issue = Parameters<
  NonNullable<NonNullable<ConstructorParameters<typeof StandardSchemaValidationPipe>[0]>['exceptionFactory']>
>[0][number];

const badRequest = (issues: readonly Issue[]): RequestFailed =>
  new RequestFailed(
    'bad-request',
    undefined,
    issues.map(({ path = [], message }) => ({
      path: path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.'),
      message,
    })),
  );
