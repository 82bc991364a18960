import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import { AccessJournal } from './access/access-journal.js';
import { ViewedInterceptor } from './access/viewed.interceptor.js';
import { AccessExplainedController } from './access-explained.controller.js';
import { SeenPrincipals } from './access/seen-principals.js';
import { WhoAmIController } from './access/whoami.controller.js';
import { ActivePolicy } from './active-policy.js';
import { AlertsController } from './alerts.controller.js';
import { Approvals } from './approval/approvals.js';
import { ApprovalsController } from './approval/approvals.controller.js';
import { HeldStatements } from './approval/held-statements.js';
import { Clock } from './clock.js';
import type { Ground } from './ground.js';
import { HealthController } from './health.controller.js';
import { LogFollower } from './log/follower.js';
import { LogRecordings } from './log/log-recordings.js';
import { Positions } from './log/positions.js';
import { SessionIndex } from './log/session-index.js';
import { ConsoleCode } from './login/console-code.js';
import { SpentAssertions } from './login/spent-assertions.js';
import { loginControllers, loginProviders } from './login/wiring.js';
import { PolicyController } from './policy.controller.js';
import { ProblemFilter } from './problem/problem.filter.js';
import { Projection } from './projection.js';
import { AccessReports } from './report/access-reports.js';
import { ReportsController } from './report/reports.controller.js';
import { Recordings } from './session/recordings.js';
import { ReplayController } from './session/replay.controller.js';
import { Sessions } from './session/sessions.js';
import { SessionsController } from './session/sessions.controller.js';
import { StepsController } from './session/steps.controller.js';
import { StatementsController } from './statements.controller.js';
import { TailController } from './tail/tail.controller.js';
import { Tails } from './tail/tails.js';
import { IssuedTokens } from './token/issued-tokens.js';

/** Everything that the api consists of, wired. */
@Module({})
export class ApiModule {
  static on(ground: Ground): DynamicModule {
    const { reader, journal, ownLog, clickhouse, now, log } = ground;
    const clock: Clock = { now };
    return {
      module: ApiModule,
      controllers: [
        HealthController,
        ...loginControllers,
        WhoAmIController,
        SessionsController,
        StepsController,
        ReplayController,
        StatementsController,
        TailController,
        ApprovalsController,
        AlertsController,
        PolicyController,
        AccessExplainedController,
        ReportsController,
      ],
      providers: [
        { provide: Clock, useValue: clock },

        // Who may do what, and that it is written down.
        { provide: AccessJournal, useFactory: () => new AccessJournal(journal, now, log) },
        ...loginProviders(ground),
        {
          provide: APP_INTERCEPTOR,
          useFactory: (accesses: AccessJournal) => new ViewedInterceptor(accesses),
          inject: [AccessJournal],
        },
        { provide: APP_FILTER, useFactory: () => new ProblemFilter(log) },

        // What is kept in mind of the log.
        SessionIndex,
        Positions,
        ActivePolicy,
        SeenPrincipals,
        {
          provide: Approvals,
          useFactory: (accesses: AccessJournal) => new Approvals(accesses, now),
          inject: [AccessJournal],
        },
        {
          provide: LogFollower,
          useFactory: (
            positions: Positions,
            ...folds: [SessionIndex, Approvals, ActivePolicy, SeenPrincipals, ConsoleCode, SpentAssertions, IssuedTokens]
          ) =>
            new LogFollower({
              reader,
              positions,
              folds,
              ownLog,
              report: ({ topic, partition, offset }, problem) => {
                log.error({ topic, partition, offset, problem }, 'a record cannot be read');
              },
            }),
          inject: [Positions, SessionIndex, Approvals, ActivePolicy, SeenPrincipals, ConsoleCode, SpentAssertions, IssuedTokens],
        },
        {
          provide: LogRecordings,
          useFactory: (index: SessionIndex, positions: Positions) => new LogRecordings(reader, index, positions),
          inject: [SessionIndex, Positions],
        },

        // What is asked for.
        {
          provide: Projection,
          useFactory: (positions: Positions) => new Projection(clickhouse, positions, now, log),
          inject: [Positions],
        },
        {
          provide: Sessions,
          useFactory: (...parts: ConstructorParameters<typeof Sessions>) => new Sessions(...parts),
          inject: [Projection, SessionIndex],
        },
        {
          provide: Recordings,
          useFactory: (...parts: ConstructorParameters<typeof Recordings>) => new Recordings(...parts),
          inject: [Projection, LogRecordings],
        },
        {
          provide: HeldStatements,
          useFactory: (recordings: LogRecordings) => new HeldStatements(recordings),
          inject: [LogRecordings],
        },
        {
          provide: AccessReports,
          useFactory: (projection: Projection, positions: Positions) => new AccessReports(projection, reader, positions, ownLog),
          inject: [Projection, Positions],
        },
        {
          provide: Tails,
          useFactory: (positions: Positions, index: SessionIndex) => new Tails(reader, positions, index),
          inject: [Positions, SessionIndex],
        },
      ],
    };
  }
}
