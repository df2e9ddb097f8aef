import { useRef } from "@odoo/owl";
import { useDropzone } from "@web/core/dropzone/dropzone_hook";
import { registry } from "@web/core/registry";
import { getDataURLFromFile } from "@web/core/utils/urls";
import { BinaryField, binaryField } from "@web/views/fields/binary/binary_field";

/** A binary field that a file can be dragged onto. */
export class FileDropField extends BinaryField {
    static template = "healthcare_integration_base.FileDropField";

    setup() {
        super.setup();
        this.target = useRef("target");
        useDropzone(this.target, (event) => this.onDrop(event), "o_integration_file_drop", () => !this.props.readonly);
    }

    /** Take the first of the files that were dropped: one upload is one document. */
    async onDrop(event) {
        const [file] = event.dataTransfer.files;
        if (file) {
            const url = await getDataURLFromFile(file);
            await this.update({ data: url.split(",")[1], name: file.name });
        }
    }
}

registry.category("fields").add("integration_file_drop", { ...binaryField, component: FileDropField });
