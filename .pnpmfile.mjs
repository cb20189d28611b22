import { folderOf, home } from './tooling/release/project.js';

// What is packed says where it comes from, and not how it was made.
export const hooks = {
  beforePacking({ scripts: _, devDependencies: __, ...manifest }) {
    const url = home();
    if (!url) return manifest;
    const directory = folderOf(manifest.name);
    return {
      ...manifest,
      repository: { type: 'git', url: `git+${url}.git`, directory },
      homepage: `${url}/tree/HEAD/${directory}#readme`,
      bugs: `${url}/issues`,
    };
  },
};
