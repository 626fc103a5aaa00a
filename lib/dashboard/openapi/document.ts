import { VERSION } from '../../core/index.js';
import { CHANGE_ROUTES, READ_ROUTES, type Parameter, type Route } from './routes.js';
import { named, text, type Schema } from './schema.js';
import { CHANGE_SCHEMAS } from './schemas/change-schemas.js';
import { JOB_SCHEMAS } from './schemas/job-schemas.js';
import { OPERATION_SCHEMAS } from './schemas/operation-schemas.js';
import { OVERVIEW_SCHEMAS } from './schemas/overview-schemas.js';

/** What the routes of the API take and answer, as OpenAPI 3.1. Its server is relative to where it is read. */
export function openApiDocument(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of READ_ROUTES) (paths[route.path] ??= {}).get = operation(route);
  for (const route of CHANGE_ROUTES) (paths[route.path] ??= {}).post = operation(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Jobs of nestjs-agenda-redis',
      version: VERSION,
      description:
        'What the dashboard asks its server. All instants are ISO 8601, all lengths of time are in ms. Changes need ' +
        'the token of `session` in the header `x-dashboard-token`, the cookie that came with it, and the same origin.',
    },
    servers: [{ url: '.' }],
    paths,
    components: {
      schemas: {
        ...OVERVIEW_SCHEMAS,
        ...JOB_SCHEMAS,
        ...OPERATION_SCHEMAS,
        ...CHANGE_SCHEMAS,
      },
    },
  };
}

function operation({ path, summary, query = [], body, answer }: Route): object {
  const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => inPathOf(name!));
  const header = body === undefined ? [] : [TOKEN];
  return {
    summary,
    parameters: [...inPath, ...query.map(inQuery), ...header],
    ...(body !== undefined && { requestBody: { required: true, content: json(named(body)) } }),
    responses: {
      200: { description: 'Done.', content: contentOf(path, answer) },
      default: { description: 'Not done, and why.', content: json(named('ApiError')) },
    },
  };
}

const inPathOf = (name: string): object => ({ name, in: 'path', required: true, schema: text });

const inQuery = ({ name, schema, isRequired = false }: Parameter): object => ({
  name,
  in: 'query',
  required: isRequired,
  schema,
});

const TOKEN = { name: 'x-dashboard-token', in: 'header', required: true, schema: text };

const json = (schema: Schema): object => ({ 'application/json': { schema } });

function contentOf(path: string, answer: string | undefined): object {
  if (path === '/live') return { 'text/event-stream': { schema: text } };
  return json(answer === undefined ? { type: 'object' } : named(answer));
}
