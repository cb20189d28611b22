import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Application, Converter } from 'typedoc';
import { asText, docs, exists, generated, read, root } from './root.js';

/** The packages that have a page of reference. Core first: what others export again is told there. */
export const packages = readdirSync(join(root, 'packages'))
  .filter((name) => exists(`packages/${name}/src/index.ts`))
  .sort((one, other) => (other === 'core') - (one === 'core') || (one < other ? -1 : 1));

/** Writes a page for each package, from its doc comments. */
export async function writeReference() {
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: packages.map((name) => join(root, 'packages', name, 'src/index.ts')),
    tsconfig: join(docs, 'tsconfig.json'),
    basePath: root,
    outputs: [{ name: 'markdown', path: join(generated, 'api') }],
    name: 'Reference',
    readme: 'none',
    logLevel: 'Error',
    // The packages' own builds check the types.
    skipErrorChecking: true,
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    disableSources: true,
    router: 'module',
    entryFileName: 'index',
    hideBreadcrumbs: true,
    hidePageHeader: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    useCodeBlocks: true,
    expandParameters: true,
    pageTitleTemplates: { module: ({ name }) => `@sessions/${name}` },
    sanitizeComments: true,
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children)
      module.name = /^(?:packages.)?([^/]+)/.exec(module.name)[1];
  });
  const project = await app.convert();
  if (!project) throw new Error('TypeDoc found errors');
  await app.generateOutputs(project);
  for (const name of packages) tidy(join(generated, `api/${name}.md`));
  writeFileSync(join(generated, 'api/index.md'), overview());
}

/** Leaves out where a member comes from and what its signature says; mends names and anchors. */
function tidy(file) {
  const markdown = readFileSync(file, 'utf8').replace(
    /^#{4,6} (Type Parameters|Implementation of|Inherited from|Overrides|Extended by|Implements)\n\n.*?(?=^#|^\*\*\*)/gms,
    '',
  );
  writeFileSync(
    file,
    markdown.replace(/#(sessionerrorcode)-1\b/g, '#$1').replaceAll('__namedParameters', 'options'),
  );
}

function overview() {
  const lines = packages.map((name) => {
    const { description } = JSON.parse(read(`packages/${name}/package.json`));
    return `| [\`@sessions/${name}\`](${name}.md) | ${asText(description)} |`;
  });
  return ['# Reference', 'Made from the comments in the code.', table(lines)].join('\n\n');
}

function table(lines) {
  return `${['| package | |', '|---|---|', ...lines].join('\n')}\n`;
}
